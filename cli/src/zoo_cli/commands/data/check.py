"""``zoo data check``."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import click

from zoo_cli.parsing.completion_items import complete_dataset
from zoo_cli.parsing.given_text import GivenText
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.setting_options import Sections, SettingsCommand
from zoo_cli.terminal.output import echo, json_option, print_json, print_table, shorten
from zoo_core.configs.settings import settings_of
from zoo_core.errors import DataError
from zoo_core.escaping import one_line, quoted
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec

if TYPE_CHECKING:
    from zoo_core.runtime.datasets.data_check import DataReport

MAX_CLASSES, MAX_SAMPLE = 12, 70
"""Classes to print, and columns of the sample."""


def find_settings(ctx: click.Context, names: Mapping[str, str]) -> Sections:
    """Returns the settings of the dataset that ``--dataset`` names."""
    if "dataset" not in names:
        return {}
    spec = load_catalog().find(DatasetSpec, names["dataset"]).spec
    return {"dataset": list(settings_of(resolve(spec.config)).values())}


@click.command(cls=SettingsCommand, find_settings=find_settings, named="--dataset NAME")
@click.option(
    "--dataset",
    metavar="NAME",
    required=True,
    type=GivenText(known=lambda: "See: zoo list datasets"),
    shell_complete=complete_dataset,
    help="Dataset to check.",
)
@click.option("--strict", is_flag=True, help="End with exit code 6 if anything is suspicious.")
@registry_option
@json_option
def check(
    settings: dict[str, dict[str, object]], dataset: str, strict: bool, as_json: bool
) -> None:
    """Count the rows, lengths, targets and classes of a dataset, and say what is suspicious.

    Suspicious are rows of validation or test that are in train too, many duplicates, equal inputs
    with other labels, unknown words, mostly one label or padding, numbers that are not finite, and
    a split that is too small to judge by.
    """
    from zoo_core.runtime.datasets.data_check import check_data

    report = check_data(load_catalog(), dataset, settings["dataset"])
    if as_json:
        print_json(report.to_json())
    else:
        _print(report)
    if strict and report.suspicions:
        raise DataError(f"{dataset}: {'; '.join(report.suspicions)}")


def _print(report: DataReport) -> None:
    symbols = f", {report.vocabulary:,} symbols" if report.vocabulary else ""
    echo(f"{report.dataset}: {report.inputs}{symbols}; {report.outputs}")
    echo(f"sample: {shorten(quoted(report.sample), MAX_SAMPLE)}")
    echo()
    rows = [("split", "rows", "steps", "targets", "duplicates", "in train", "unknown")]
    for name, split in report.splits.items():
        fewest, mean, most = split.steps
        steps = f"{most:,}" if fewest == most else f"{fewest:,}–{most:,}, mean {mean:,.1f}"
        rows.append(
            (
                name,
                f"{split.rows:,}",
                steps,
                f"{split.targets:,}",
                f"{split.duplicates:,}",
                "" if name == "train" else f"{split.overlap:,}",
                f"{split.unknown:.2%}",
            )
        )
    print_table(rows)
    _print_classes(report)
    for line in report.suspicions:
        echo(one_line(f"suspicious: {line}"))
    if not report.suspicions:
        echo("nothing suspicious")


def _print_classes(report: DataReport) -> None:
    """Prints how often each class occurs, the most frequent first."""
    counted = {name: split.classes for name, split in report.splits.items() if split.classes}
    if not counted:
        echo()
        return
    first = next(iter(counted.values()))
    order = sorted(first, key=lambda label: -first[label])
    echo()
    rows = [("label", *counted)]
    rows += [
        (shorten(label, 24), *(f"{classes[label]:,}" for classes in counted.values()))
        for label in order[:MAX_CLASSES]
    ]
    print_table(rows)
    if len(order) > MAX_CLASSES:
        echo(f"and {len(order) - MAX_CLASSES} more labels: see --json", err=True)
    echo()
