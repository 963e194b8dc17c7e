"""``zoo inspect``."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.given_text import GivenText
from zoo_cli.parsing.new_file import NewFile
from zoo_cli.parsing.ranges import IntegerRange
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.attention_view import print_attention
from zoo_cli.terminal.input import read_stdin
from zoo_cli.terminal.inspection_view import Shown, print_blocks, print_column, print_units
from zoo_cli.terminal.output import echo, json_option, print_json, shows_colors

if TYPE_CHECKING:
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
    from zoo_core.runtime.inspection.inspection import Inspection, Signal

PAGE = ("report", "inspect_page")
"""The command whose plugin makes pages, and its function (inspection, *, signal, unit) -> str."""
MAX_NUMBER = 10**9


@click.command()
@click.argument("reference", metavar="CHECKPOINT", shell_complete=complete_reference)
@click.option("--text", metavar="TEXT", help="Text to read.")
@click.option(
    "--file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="File with the text, or - for stdin; a line end at its end is left out.",
)
@click.option(
    "--unit",
    metavar="N",
    type=IntegerRange(0, MAX_NUMBER),
    help="Unit to show.  [default: the mean of the units of --gate; without --gate the unit of "
    "the hidden state that varies most]",
)
@click.option(
    "--layer",
    metavar="N",
    type=IntegerRange(0, MAX_NUMBER),
    help="Layer, from 0.  [default: the last one; all with --top and --html]",
)
@click.option(
    "--gate",
    metavar="NAME",
    type=GivenText(),
    help="State or gate of the cell: hidden, cell, forget, input, output, reset, update, candidate "
    "or a name of its own.  [default: hidden]",
)
@click.option(
    "--top",
    metavar="K",
    type=IntegerRange(1, MAX_NUMBER),
    help="List the K units that respond most to each of several properties, such as quotes.",
)
@click.option(
    "--html",
    metavar="FILE.html",
    type=NewFile(".html", synonyms=(".htm",)),
    help="Write a page with a slider over the units instead: of every layer, state and gate, or of "
    "those that --layer and --gate choose.",
)
@click.option(
    "--attention",
    is_flag=True,
    help="Show where a model that translates the text looks in it, at every symbol that it writes.",
)
@click.option(
    "--picture",
    metavar="FILE",
    type=NewFile(".png", ".svg"),
    help="Draw the attention into FILE.png or FILE.svg.",
)
@click.option("--overwrite", is_flag=True, help="Replace the file of --html or --picture.")
@registry_option
@json_option
def inspect(
    reference: str,
    text: str | None,
    file: str | None,
    unit: int | None,
    layer: int | None,
    gate: str | None,
    top: int | None,
    html: Path | None,
    attention: bool,
    picture: Path | None,
    overwrite: bool,
    as_json: bool,
) -> None:
    """Show the activation, the guesses and the surprise of a recurrent model at every symbol.

    On a terminal every symbol has the colour of its activation, and under it the model's five best
    guesses of what follows, with their probabilities. Its surprise is -ln of its own probability
    after the symbols before it, in nats. Without colours, every symbol has a line.

    With --attention, every symbol that a model writes as a translation has a line with the symbols
    of the text that it looks at, the strongest first.

    CHECKPOINT is a folder, the name of a run, hub:OWNER/REPO or a name of zoo list checkpoints.
    """
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.plugins.commands import shared_function
    from zoo_core.runtime import api
    from zoo_core.runtime.locate import load_checkpoint
    from zoo_core.storage.atomic import check_new_file, write_file

    if overwrite and not (html or picture):
        raise click.UsageError(
            "--overwrite needs --html or --picture: without them, no file is written"
        )
    if not attention:
        _check_units(unit, top, picture, shows_units=html is not None or as_json)
    content = _text_of(text, file)
    catalog = load_catalog()
    if attention:
        others = {"--unit": unit, "--layer": layer, "--gate": gate, "--top": top, "--html": html}
        _check_attention(others, picture, overwrite=overwrite)
        _show_attention(load_checkpoint(catalog, reference), content, picture, as_json=as_json)
        return
    if html:
        check_new_file(html, overwrite=overwrite)
        make_page = shared_function(catalog, *PAGE)
    checkpoint = load_checkpoint(catalog, reference)
    inspection = api.inspect(
        checkpoint,
        content,
        layer=layer,
        gate=gate or "",
        gates=html is not None,
        top=top or 0,
    )
    signal = inspection.signal(gate or "", layer)
    if unit is None and not gate:
        unit = signal.most_varied_unit()
        if not (top or html):
            remedy = "--unit N shows another, --top 5 finds units that follow quotes and the like"
            echo(f"unit {signal.label(unit)} varies most; {remedy}", err=True)
    values = (signal.mean() if unit is None else signal.unit(unit)).tolist()
    if html:
        page = make_page(inspection, signal=inspection.signals.index(signal), unit=unit or 0)
        write_file(html, page.encode())
    if as_json:
        print_json(_as_json(inspection, signal, unit, values))
    elif html:
        echo(str(html))
    elif top:
        print_units(inspection)
        if not inspection.correlations:
            echo("nothing varies in this text; give a longer one", err=True)
    else:
        title = f"mean {signal.name}" if unit is None else f"{signal.name} {signal.label(unit)}"
        shown = Shown(title, values)
        (print_blocks if shows_colors() else print_column)(inspection, shown)


def _check_units(
    unit: int | None, top: int | None, picture: Path | None, *, shows_units: bool
) -> None:
    """Checks that every option has an effect where units are shown and no attention.

    Args:
        unit: The value of the option.
        top: The same.
        picture: The same.
        shows_units: Whether a page or JSON has the unit beside the list of ``--top``.

    Raises:
        click.UsageError: One has none.
    """
    if picture:
        raise click.UsageError("--picture draws the attention: give --attention too")
    if top and unit is not None and not shows_units:
        raise click.UsageError("--top lists units of every property: leave out --unit")


def _show_attention(
    checkpoint: Checkpoint, text: str, picture: Path | None, *, as_json: bool
) -> None:
    """Prints the attention of a model, and draws it."""
    from zoo_core.runtime import api
    from zoo_core.runtime.plots.attention_plot import attention_plot
    from zoo_core.storage.atomic import write_file

    shown = api.attention(checkpoint, text)
    if picture:
        image = attention_plot(
            shown.source,
            shown.target,
            shown.weights,
            title=f"attention of {shown.model}",
            format="svg" if picture.suffix.lower() == ".svg" else "png",
        )
        write_file(picture, image)
    if as_json:
        print_json(shown.to_json() | {"picture": str(picture) if picture else None})
    elif picture:
        echo(str(picture))
    else:
        print_attention(shown)


def _check_attention(others: Mapping[str, object], path: Path | None, *, overwrite: bool) -> None:
    """Checks the options beside ``--attention``, and that a picture can be drawn into its file.

    Raises:
        TargetError: The file exists already and is not to be replaced, or lies in no folder.
        click.UsageError: An option does not go with it.
    """
    from zoo_core.storage.atomic import check_new_file

    for option, value in others.items():
        if value is not None:
            raise click.UsageError(f"--attention and {option} exclude each other")
    if path:
        check_new_file(path, overwrite=overwrite)


def _text_of(text: str | None, file: str | None) -> str:
    if text is not None and file is not None:
        raise click.UsageError("--text and --file exclude each other")
    if file is not None:
        from zoo_core.data.text import read_text

        content = read_stdin() if file == "-" else read_text(Path(file))
        return content.removesuffix("\n")
    if text is None:
        raise click.UsageError("no text: give --text TEXT, --file FILE, or --file - for stdin")
    return text


def _as_json(
    inspection: Inspection, signal: Signal, unit: int | None, values: list[float]
) -> dict[str, Any]:
    """Returns the inspection with the values of one unit, or of the mean of all."""
    content = inspection.to_json(signals=())
    del content["signals"]
    for symbol, value in zip(content["symbols"], values, strict=True):
        symbol["value"] = None if math.isnan(value) else value
    return {
        "model": content.pop("model"),
        "layer": signal.layer,
        "gate": signal.name,
        "unit": unit,
        **content,
    }
