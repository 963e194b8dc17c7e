"""The table of the pretrained checkpoints of a model."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zoo_cli.terminal.output import echo, format_metrics, print_table
from zoo_core.storage.capacity import format_bytes

COLUMNS = ("tag", "metric", "parameters", "size", "seconds", "recipe", "from")
NUMBERS = ("parameters", "size", "seconds")
"""The columns that are aligned on the right."""
MAIN_METRICS = ("bits_per_character", "bits_per_byte", "accuracy", "loss")
"""The metrics of which the table has the first that a checkpoint has."""
PACKAGE = "package"
"""The kind of a source that is the package of the model, which needs no further name."""


def print_checkpoints(name: str, checkpoints: Sequence[Mapping[str, Any]]) -> None:
    """Prints the pretrained checkpoints of a model or recipe, under a line that names the model.

    Args:
        name: ``model`` or ``model.tag``.
        checkpoints: As ``zoo show --json`` has them.
    """
    model = name.partition(".")[0]
    if not checkpoints:
        echo("checkpoints: none")
        return
    echo(f"checkpoints ({model}.TAG):")
    rows = [dict(zip(COLUMNS, COLUMNS, strict=True)), *map(checkpoint_cells, checkpoints)]
    for column in NUMBERS:
        width = max(len(row[column]) for row in rows)
        for row in rows:
            row[column] = row[column].rjust(width)
    print_table([[f"  {row['tag']}", *list(row.values())[1:]] for row in rows])


def checkpoint_cells(checkpoint: Mapping[str, Any]) -> dict[str, str]:
    """Returns the cells of a row by column.

    Args:
        checkpoint: As ``zoo show --json`` has it.
    """
    parameters, seconds = checkpoint["parameters"], checkpoint["seconds"]
    kind, _, _ = str(checkpoint["source"]).partition(":")
    return {
        "tag": str(checkpoint["name"]).partition(".")[2],
        "metric": _main_metric(checkpoint["metrics"]),
        "parameters": "" if parameters is None else f"{parameters:,}",
        "size": format_bytes(checkpoint["size"]),
        "seconds": "" if seconds is None else f"{seconds:.3g}",
        "recipe": "yes" if checkpoint["recipe"] else "no",
        "from": PACKAGE if kind == PACKAGE else str(checkpoint["source"]),
    }


def _main_metric(metrics: Mapping[str, float]) -> str:
    names = [*(name for name in MAIN_METRICS if name in metrics), *sorted(metrics)]
    return format_metrics({names[0]: metrics[names[0]]}) if names else ""
