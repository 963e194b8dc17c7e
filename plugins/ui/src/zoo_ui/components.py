"""Components that several tabs have: the command that does the same, the choice of a checkpoint."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import gradio as gr

from zoo_ui.markup import text_block
from zoo_ui.page_context import PageContext

COMMAND = "The same on the command line"
MIN_WIDTH = 240
"""Pixels of a field that shares its row; on a phone it has a row of its own."""


def shown_command(*commands: str) -> str:
    """Returns commands as HTML, one a line."""
    return text_block(COMMAND, "\n".join(commands))


def command_box(inputs: Sequence[Any], make_commands: Callable[..., list[str]]) -> None:
    """Builds the box with the commands that do what a tab does, and keeps it up to date.

    Args:
        inputs: The components that the commands are made of.
        make_commands: Returns the commands, given the values of the components.
    """
    box = gr.HTML(shown_command(*make_commands(*(component.value for component in inputs))))
    gr.on(
        [component.change for component in inputs],
        lambda *values: shown_command(*make_commands(*values)),
        list(inputs),
        box,
        show_progress="hidden",
        trigger_mode="always_last",
        queue=False,
    )


def reference_box(
    context: PageContext, tab: gr.Tab, label: str, *, info: str = "", several: bool = False
) -> gr.Dropdown:
    """Builds the choice of a checkpoint; a folder or a repo of the Hub may be typed.

    Args:
        context: What the tabs share.
        tab: The tab of the box, which lists new runs when the tab is opened: not later, because
            choices that come while one types move the one that Enter takes.
        label: The name of the box.
        info: What may be entered; empty for any checkpoint.
        several: Whether it takes several.
    """
    box = gr.Dropdown(
        choices=context.references(),
        value=[] if several else None,
        multiselect=several,
        label=label,
        info=info or "A run, a pretrained checkpoint, ./FOLDER or hub:OWNER/REPO.",
        allow_custom_value=True,
        min_width=MIN_WIDTH,
    )
    tab.select(lambda: gr.update(choices=context.references()), None, box, show_progress="hidden")
    return box
