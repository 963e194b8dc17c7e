"""Printing of JSON, tables, metrics and text."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import click

METRIC_ORDER = ("loss", "perplexity", "bits_per_character", "accuracy")
METRIC_LABELS = {"bits_per_character": "bits/char"}

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def print_json(value: object) -> None:
    """Prints a value as JSON on stdout."""
    import json

    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_message(text: str) -> None:
    """Prints a message on stderr."""
    click.echo(text, err=True)


def printable(text: str) -> str:
    """Escapes control characters, which could steer a terminal."""
    if text.isprintable():  # nearly every text is
        return text
    return "".join(
        char if char.isprintable() or char in "\n\t" else ascii(char)[1:-1] for char in text
    )


def echo_text(text: str, *, nl: bool = True) -> None:
    """Prints the text of a model, with control characters escaped on a terminal only."""
    terminal = sys.stdout.isatty()
    click.echo(printable(text) if terminal else text, nl=nl, color=not terminal)


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Prints rows in aligned columns on stdout."""
    if not rows:
        return
    rows = [[printable(cell) for cell in row] for row in rows]
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = [cell.ljust(width) for cell, width in zip(row, widths, strict=True)]
        click.echo("  ".join(cells).rstrip())


def format_metrics(metrics: Mapping[str, float]) -> str:
    """Formats the metrics of one split in one line, the usual ones first."""
    usual = [name for name in METRIC_ORDER if name in metrics]
    names = usual + sorted(name for name in metrics if name not in METRIC_ORDER)
    return ", ".join(f"{METRIC_LABELS.get(name, name)} {metrics[name]:.4g}" for name in names)
