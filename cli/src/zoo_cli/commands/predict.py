"""``zoo predict``."""

from __future__ import annotations

from pathlib import Path

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.unknown_option import unknown_option
from zoo_cli.terminal.input import read_file, read_stdin
from zoo_cli.terminal.output import echo, json_option, print_json
from zoo_core.errors import ZooError
from zoo_core.escaping import escape_line_ends


@click.command()
@click.argument("reference", metavar="CHECKPOINT", shell_complete=complete_reference)
@click.argument("inputs", metavar="[INPUT ... | -]", nargs=-1)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File to read inputs from, one per line.",
)
@unknown_option
@registry_option
@json_option
def predict(
    reference: str, inputs: tuple[str, ...], file: Path | None, unknown: str, as_json: bool
) -> None:
    """Predict the answer to each input and print one per line.

    CHECKPOINT is a folder, the name of a run, hub:OWNER/REPO or a name of zoo list checkpoints.
    Inputs are arguments, the lines of --file, or with - the lines of stdin. An empty line has an
    empty answer, and line ends inside an answer are escaped; --json has every answer as it is.
    """
    from zoo_core.data.vocabulary import Unknown
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.runtime import api
    from zoo_core.runtime.locate import load_checkpoint

    policy = Unknown.parse(unknown)
    values = _read_inputs(inputs, file)
    if not values:
        raise click.UsageError("no input: give an INPUT, --file FILE, or - for stdin")
    checkpoint = load_checkpoint(load_catalog(), reference)
    answers = []
    for number, value in enumerate(values, start=1):
        is_empty_line = not value and "" not in inputs
        try:
            answer = "" if is_empty_line else api.predict(checkpoint, value, unknown=policy)
        except ZooError as error:
            if len(values) == 1:
                raise
            raise type(error)(f"input {number} of {len(values)}: {error}") from None
        answers.append({"input": value, "prediction": answer})
        if not as_json:
            echo(escape_line_ends(answer))
    if as_json:
        print_json(answers)


def _read_inputs(inputs: tuple[str, ...], file: Path | None) -> list[str]:
    values: list[str] = []
    for value in inputs:
        values += _lines(read_stdin()) if value == "-" else [value]
    if file:
        values += _lines(read_file(file))
    return values


def _lines(text: str) -> list[str]:
    """Returns the lines of a text; a form feed, for example, is a symbol and ends no line."""
    lines = text.split("\n")
    if not lines[-1]:  # after the last line end
        del lines[-1]
    return lines
