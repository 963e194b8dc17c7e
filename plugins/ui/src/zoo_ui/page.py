"""The page: a tab for each thing that one does with the zoo."""

from __future__ import annotations

from importlib.resources import files

import gradio as gr

from zoo_ui.comparison_tab import comparison_tab
from zoo_ui.gallery import gallery_tab
from zoo_ui.inspector import inspector_tab
from zoo_ui.page_context import PageContext
from zoo_ui.playground import playground_tab
from zoo_ui.runs_tab import run_box, runs_tab
from zoo_ui.shapes_tab import shapes_tab
from zoo_ui.train_tab import train_tab

TITLE = "The zoo of recurrent models"
FONTS = ("system-ui", "sans-serif")
MONO_FONTS = ("ui-monospace", "monospace")


def build_page(context: PageContext) -> gr.Blocks:
    """Builds the page.

    Args:
        context: What its tabs share.
    """
    with gr.Blocks(title=TITLE, analytics_enabled=False) as page:
        gr.HTML(f"<h1>{TITLE}</h1>")
        run = run_box()
        with gr.Tabs() as tabs:
            with gr.Tab("Gallery", id="gallery"):
                gallery_tab(context)
            with gr.Tab("Train", id="train") as tab:
                train_tab(context, tab, tabs, run)
            with gr.Tab("Runs", id="runs"):
                runs_tab(context, run)
            with gr.Tab("Generate", id="generate") as tab:
                playground_tab(context, tab)
            with gr.Tab("Inspect", id="inspect") as tab:
                inspector_tab(context, tab)
            with gr.Tab("Compare", id="compare") as tab:
                comparison_tab(context, tab)
            with gr.Tab("Shapes", id="shapes"):
                shapes_tab(context)
    return page


def theme() -> gr.themes.Base:
    """Returns the theme: fonts of the reader's system, and colours with enough contrast."""
    return gr.themes.Default(primary_hue="blue", font=FONTS, font_mono=MONO_FONTS).set(
        block_info_text_color="*body_text_color_subdued",
        block_label_text_color="*body_text_color",
        block_title_text_color="*body_text_color",
        body_text_color_subdued="*neutral_600",
        body_text_color_subdued_dark="*neutral_300",
        button_primary_background_fill="*primary_700",
        button_primary_background_fill_hover="*primary_800",
        button_primary_background_fill_dark="*primary_700",
        slider_color="*primary_700",
    )


def style() -> str:
    """Returns the style sheet of what the page adds to Gradio's components."""
    return (files("zoo_ui") / "page.css").read_text("utf-8")
