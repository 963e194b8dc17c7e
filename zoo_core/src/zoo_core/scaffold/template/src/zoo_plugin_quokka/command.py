# [command]
"""``zoo quokka``."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import click


@click.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print JSON on stdout.")
def count(file: Path, as_json: bool) -> None:
    """Count the symbols of FILE, a text, the most frequent first."""
    try:
        counts = Counter(file.read_text("utf-8")).most_common()
    except UnicodeDecodeError:
        raise click.ClickException(f"{file} is not UTF-8 text") from None
    if as_json:
        click.echo(json.dumps(dict(counts), ensure_ascii=False))
        return
    for symbol, times in counts:
        click.echo(f"{symbol!r}  {times}")


# [end]
