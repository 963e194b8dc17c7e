"""The tab that compares runs and checkpoints over their seeds."""

from __future__ import annotations

import gradio as gr

from zoo_core.comparisons.formats import difference_lines, explain, table_rows
from zoo_core.errors import PluginError, ZooError
from zoo_core.escaping import shell_command
from zoo_core.plugins.commands import shared_function
from zoo_ui.components import command_box, reference_box
from zoo_ui.markup import frame, lines, problem, table
from zoo_ui.page_context import PageContext


def comparison_tab(context: PageContext, tab: gr.Tab) -> None:
    """Builds the tab."""
    chosen = reference_box(
        context,
        tab,
        "Runs to compare",
        info="Runs, pretrained checkpoints, or folders of runs such as sweeps, on the same data.",
        several=True,
    )
    metric = gr.Textbox(
        label="Metric", info="Such as accuracy or test.loss; empty for the trainer's main metric."
    )
    button = gr.Button("Compare", variant="primary")
    failure = gr.HTML()
    result = gr.HTML()
    page = gr.HTML()

    def compare(references: list[str], metric: str) -> tuple[str, str, str]:
        from zoo_core.runtime.comparisons.references import compare_references

        try:
            if not references:
                raise ZooError("choose runs")
            comparison = compare_references(context.catalog, references, metric=metric.strip())
        except ZooError as error:
            return problem(str(error)), "", ""
        header, *rows = table_rows(comparison)
        notes = lines([*difference_lines(comparison), *explain(comparison)])
        shown = table(header, rows, caption=f"Comparison on {comparison.dataset}") + notes
        folders = [run.folder for row in comparison.rows for run in row.runs]
        try:
            make_page = shared_function(context.catalog, "report", "runs_page")
            address = context.documents.add(make_page(folders))
        except PluginError as error:  # the table needs no zoo-report
            return problem(str(error)), shown, ""
        return "", shown, frame(address, "Report on the runs")

    def commands(references: list[str], metric: str) -> list[str]:
        if not references:
            return []
        chosen_metric = ["--metric", metric.strip()] if metric.strip() else []
        words = ["zoo", "compare", *references, *chosen_metric]
        return [shell_command(*words, "--out", "comparison")]

    button.click(compare, [chosen, metric], [failure, result, page], show_progress="minimal")
    command_box([chosen, metric], commands)
