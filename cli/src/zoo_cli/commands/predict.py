"""``zoo predict``."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.unknown_option import unknown_option
from zoo_cli.terminal.output import echo_text, json_option, print_json
from zoo_core.data.text import decode_text
from zoo_core.errors import DataError, ZooError


@click.command()
@click.argument("reference", shell_complete=complete_reference)
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

    Inputs are arguments, the lines of --file, or with - the lines of stdin.
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
        try:
            prediction = api.predict(checkpoint, value, unknown=policy)
        except ZooError as error:
            if len(values) == 1:
                raise
            raise type(error)(f"input {number} of {len(values)}: {error}") from None
        answers.append({"input": value, "prediction": prediction})
        if not as_json:
            echo_text(prediction)
    if as_json:
        print_json(answers)


def _read_inputs(inputs: tuple[str, ...], file: Path | None) -> list[str]:
    values: list[str] = []
    for value in inputs:
        values += decode_text(_read_stdin(), "stdin").splitlines() if value == "-" else [value]
    if file:
        try:
            data = file.read_bytes()
        except OSError as error:
            raise DataError(f"cannot read {file}: {error.strerror}") from None
        values += decode_text(data, str(file)).splitlines()
    return values


def _read_stdin() -> bytes:
    try:
        return sys.stdin.read().encode("utf-8", "surrogateescape")
    except UnicodeDecodeError as error:
        return error.object
