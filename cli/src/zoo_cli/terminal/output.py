"""What commands print: JSON, tables, metrics."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

import click

ORDER = ("loss", "perplexity", "bits_per_character", "accuracy")
SHORT = {"bits_per_character": "bits/char"}

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")


def print_json(value: object) -> None:
    """Prints a value as JSON on stdout."""
    import json

    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def remark(text: str) -> None:
    """Tells what is no answer, on stderr."""
    click.echo(text, err=True)


def printable(text: str) -> str:
    """A text whose control characters, which could steer a terminal, are written out."""
    if text.isprintable():  # nearly all are
        return text
    return "".join(
        each if each.isprintable() or each in "\n\t" else ascii(each)[1:-1] for each in text
    )


def echo_text(text: str, *, nl: bool = True) -> None:
    """Prints what a model says: as it is, but for a terminal."""
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


def in_words(metrics: Mapping[str, float]) -> str:
    """Metrics of one split in a line."""
    names = sorted(
        metrics, key=lambda name: (name not in ORDER, ORDER.index(name) if name in ORDER else name)
    )
    return ", ".join(f"{SHORT.get(name, name)} {metrics[name]:.4g}" for name in names)
