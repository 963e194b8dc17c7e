"""The tab that shows what a model computes and expects, symbol by symbol."""

from __future__ import annotations

import gradio as gr

from zoo_core.errors import ZooError
from zoo_core.escaping import shell_command
from zoo_core.plugins.commands import shared_function
from zoo_ui.components import command_box, reference_box
from zoo_ui.markup import frame, problem
from zoo_ui.page_context import PageContext

UNITS_PER_PROPERTY = 5
"""Units that are listed for each property of the text."""


def inspector_tab(context: PageContext, tab: gr.Tab) -> None:
    """Builds the tab."""
    reference = reference_box(context, tab, "Checkpoint to inspect")
    text = gr.Textbox(label="Text to inspect", lines=4, info="What the model reads.")
    finds_units = gr.Checkbox(
        label="Find units", info="That follow quotes, brackets, line positions and the like."
    )
    button = gr.Button("Inspect", variant="primary")
    failure = gr.HTML()
    page = gr.HTML()

    def inspect(reference: str | None, text: str, finds_units: bool) -> tuple[str, str]:
        from zoo_core.runtime import api

        try:
            if not reference:
                raise ZooError("choose a checkpoint")
            make_page = shared_function(context.catalog, "report", "inspect_page")
            checkpoint = context.checkpoints.get(reference)
            top = UNITS_PER_PROPERTY if finds_units else 0
            inspection = api.inspect(checkpoint, text, top=top)
            signal = inspection.signal("", None)
            number, unit = inspection.signals.index(signal), signal.most_varied_unit()
            address = context.documents.add(make_page(inspection, signal=number, unit=unit))
        except ZooError as error:
            return problem(str(error)), ""
        return "", frame(address, f"Inspection of {reference}")

    def commands(reference: str | None, text: str, finds_units: bool) -> list[str]:
        if not reference:
            return []
        words = ["zoo", "inspect", reference, "--text", text]
        found = [shell_command(*words, "--top", str(UNITS_PER_PROPERTY))] if finds_units else []
        return [shell_command(*words, "--html", "inspection.html"), *found]

    inputs = [reference, text, finds_units]
    button.click(inspect, inputs, [failure, page], show_progress="minimal")
    command_box(inputs, commands)
