"""``zoo compare``."""

from __future__ import annotations

import shutil

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import MAX_CELLS, echo, json_option, print_json, print_table
from zoo_core.comparisons.formats import difference_lines, explain, table_rows, to_csv, to_json
from zoo_core.comparisons.text_plot import text_plot


@click.command()
@click.argument(
    "references",
    metavar="REFERENCE ...",
    nargs=-1,
    required=True,
    shell_complete=complete_reference,
)
@click.option(
    "--metric",
    metavar="NAME",
    default="",
    help="Metric to sort by, such as accuracy or test.loss.  [default: loss]",
)
@click.option(
    "--target",
    metavar="X",
    type=float,
    help="Value of the metric to reach; the table then shows the time and the tokens it took.",
)
@click.option("--csv", "as_csv", is_flag=True, help="Print CSV.")
@registry_option
@json_option
def compare(
    references: tuple[str, ...],
    metric: str,
    target: float | None,
    as_csv: bool,
    as_json: bool,
) -> None:
    """Compare runs over their seeds.

    REFERENCE is a run, a folder of runs, a sweep or a pretrained checkpoint. Runs that differ in
    their seeds alone share a row: the mean of the metric ± its standard deviation. A row is
    "within the spread" if its seeds do not tell it from the best one.
    """
    if as_csv and as_json:
        raise click.UsageError("--csv and --json exclude each other")
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.runtime.comparison import compare_references

    comparison = compare_references(load_catalog(), references, metric=metric, target=target)
    if as_json:
        print_json(to_json(comparison))
        return
    if as_csv:
        echo(to_csv(comparison), nl=False)
        return
    print_table(table_rows(comparison))
    if plot := text_plot(comparison, min(shutil.get_terminal_size().columns, MAX_CELLS)):
        echo("\n" + "\n".join(plot) + "\n")
    for line in difference_lines(comparison):
        echo(line, err=True)
    for note in explain(comparison):
        echo(note, err=True)
