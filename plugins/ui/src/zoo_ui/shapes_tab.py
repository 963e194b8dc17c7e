"""The tab with the shape of every tensor of a model."""

from __future__ import annotations

import gradio as gr

from zoo_core.errors import ZooError
from zoo_core.escaping import shell_command
from zoo_core.plugins.specs import ModelSpec
from zoo_core.recipes.recipe import list_recipes
from zoo_ui.components import MIN_WIDTH, command_box
from zoo_ui.markup import lines, problem, table
from zoo_ui.page_context import PageContext

MAX_BATCH, MAX_STEPS = 256, 1024
"""The bounds of ``zoo show --shapes``."""


def shapes_tab(context: PageContext) -> None:
    """Builds the tab."""
    models = [entry.spec.name for entry in context.catalog.of(ModelSpec)]
    recipes = [recipe.name for recipe in list_recipes(context.catalog, skip_broken=True)]
    reference = gr.Dropdown(
        choices=[*models, *recipes],
        value=None,
        label="Model, recipe or checkpoint",
        allow_custom_value=True,
    )
    with gr.Row():
        batch = gr.Slider(
            1, MAX_BATCH, value=2, step=1, label="Batch", info="B, in rows.", min_width=MIN_WIDTH
        )
        steps = gr.Slider(
            0,
            MAX_STEPS,
            value=0,
            step=1,
            label="Steps",
            info="T; 0 for those of the recipe.",
            min_width=MIN_WIDTH,
        )
    button = gr.Button("Show shapes", variant="primary")
    failure = gr.HTML()
    result = gr.HTML()

    def show(reference: str | None, batch: float, steps: float) -> tuple[str, str]:
        from zoo_cli.commands import show_shapes  # which imports torch

        try:
            if not reference:
                raise ZooError("choose a model")
            shapes, known = show_shapes.find_shapes(
                context.catalog, reference, batch_size=int(batch), steps=int(steps) or None
            )
        except ZooError as error:
            return problem(str(error)), ""
        notes = [show_shapes.legend(shapes)]
        if not known:
            notes.append(show_shapes.EXAMPLE_VOCABULARY)
        header = ("tensor", "kind", "axes", "sizes")
        shown = table(header, show_shapes.table_rows(shapes), caption=f"Shapes of {reference}")
        return "", lines(notes) + shown

    def commands(reference: str | None, batch: float, steps: float) -> list[str]:
        if not reference:
            return []
        words = ["--shapes", "--batch-size", str(int(batch))]
        words += ["--steps", str(int(steps))] if steps else []
        return [shell_command("zoo", "show", reference, *words)]

    inputs = [reference, batch, steps]
    button.click(show, inputs, [failure, result], show_progress="minimal")
    command_box(inputs, commands)
