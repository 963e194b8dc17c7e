"""``zoo predict``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.new_file import NewFile
from zoo_cli.parsing.ranges import IntegerRange, NumberRange
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.unknown_option import unknown_option
from zoo_cli.terminal.input import naming_input, read_stdin
from zoo_cli.terminal.output import echo, json_option, print_json
from zoo_core.data.text import text_lines
from zoo_core.escaping import escape_line_ends

if TYPE_CHECKING:
    from zoo_core.data.vocabulary import Unknown
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint

COLUMNS = ("text", "label", "probability")
"""The columns of the file that ``--to`` writes."""


@click.command()
@click.argument("reference", metavar="CHECKPOINT", shell_complete=complete_reference)
@click.argument("inputs", metavar="[INPUT ... | -]", nargs=-1)
@click.option(
    "--file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File to read inputs from, one per line; of a table, such as FILE.csv, a model that was "
    "trained on a table reads its column of texts.",
)
@click.option(
    "--to",
    metavar="FILE.csv",
    type=NewFile(".csv"),
    help="File to write the inputs to, each with its label and the probability of that.",
)
@click.option("--overwrite", is_flag=True, help="Replace the file of --to.")
@click.option(
    "--beam",
    metavar="N",
    type=IntegerRange(1, 10**6),
    help="Translations that a model which translates compares at each step; 1 takes the likeliest "
    "symbol each time.  [default: as in training]",
)
@click.option(
    "--length-penalty",
    metavar="A",
    type=NumberRange(0, 10),
    help="Rank translations by the logarithm of their probability divided by their length to the "
    "power of A.  [default: as in training]",
)
@unknown_option
@registry_option
@json_option
def predict(
    reference: str,
    inputs: tuple[str, ...],
    file: Path | None,
    to: Path | None,
    overwrite: bool,
    beam: int | None,
    length_penalty: float | None,
    unknown: str,
    as_json: bool,
) -> None:
    """Predict the answer to each input and print one per line.

    CHECKPOINT is a folder, the name of a run, hub:OWNER/REPO or a name of zoo list checkpoints.
    An INPUT is an argument, a line of --file, or with - a line of stdin. An empty line has an empty
    answer, and line ends inside an answer are escaped; --json has every answer as it is,
    and of values and keys the numbers or probabilities.
    """
    from zoo_core.data.vocabulary import Unknown
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.runtime import api
    from zoo_core.runtime.locate import load_checkpoint
    from zoo_core.storage.atomic import check_new_file

    policy = Unknown.parse(unknown)
    values = _typed_inputs(inputs)
    if not values and not file:
        raise click.UsageError("no input: give an INPUT, --file FILE, or - for stdin")
    if to:
        check_new_file(to, overwrite=overwrite)
    elif overwrite:
        raise click.UsageError("--overwrite needs --to: without it, no file is written")
    checkpoint = load_checkpoint(load_catalog(), reference)
    searched = {"beam": beam, "length_penalty": length_penalty}
    checkpoint = _with_search(checkpoint, {k: v for k, v in searched.items() if v is not None})
    if file:
        values += checkpoint.dataset.read_inputs(file)
    if to:
        _write(checkpoint, values, to, policy, as_json)
        return
    answers = []
    for number, value in enumerate(values, start=1):
        is_empty_line = not value and "" not in inputs
        with naming_input("input", number, len(values)):
            answer = "" if is_empty_line else api.predict(checkpoint, value, unknown=policy)
            needs_numbers = as_json and not is_empty_line
            numbers = api.numbers(checkpoint, value, unknown=policy) if needs_numbers else {}
        answers.append({"input": value, "prediction": answer} | numbers)
        if not as_json:
            echo(escape_line_ends(answer))
    if as_json:
        print_json(answers)


def _with_search(checkpoint: Checkpoint, settings: Mapping[str, object]) -> Checkpoint:
    """Returns a checkpoint whose dataset searches for answers by other settings.

    Raises:
        MisfitError: The dataset has no such settings, as its answers are not searched for.
        click.UsageError: There is a length penalty and a beam of 1, which ranks nothing.
    """
    from zoo_core.errors import MisfitError

    if not settings:
        return checkpoint
    known = {setting.key: setting.default for setting in checkpoint.dataset_settings()}
    for key in settings:
        if key not in known:
            option = f"--{key.replace('_', '-')}"
            model, dataset = checkpoint.run_config.model, checkpoint.run_config.dataset
            raise MisfitError(
                f"{model} is trained on {dataset}, which asks for no translation; leave out "
                f"{option}"
            )
    if "length_penalty" in settings and settings.get("beam", known["beam"]) == 1:
        raise click.UsageError(
            "--length-penalty has no effect with a beam of 1, which has nothing to rank; give "
            "--beam 2 or more, or leave it out"
        )
    return checkpoint.with_dataset(values=settings)


def _write(
    checkpoint: Checkpoint, values: list[str], path: Path, policy: Unknown, as_json: bool
) -> None:
    """Writes the predictions as CSV and says so."""
    from zoo_core.data.tables import write_csv
    from zoo_core.runtime import api
    from zoo_core.storage.atomic import write_file

    answers = api.predictions(checkpoint, values, unknown=policy)
    rows = [
        (value, answer, "" if probability is None else f"{probability:.6g}")
        for value, (answer, probability) in zip(values, answers, strict=True)
    ]
    write_file(path, write_csv(COLUMNS, rows))
    if as_json:
        print_json({"to": str(path), "rows": len(rows)})
    else:
        noun = "prediction" if len(rows) == 1 else "predictions"
        echo(f"{len(rows):,} {noun} written to {path}", err=True)


def _typed_inputs(inputs: tuple[str, ...]) -> list[str]:
    """Returns the inputs of the command line, with the lines of stdin in the place of ``-``."""
    values: list[str] = []
    for value in inputs:
        values += text_lines(read_stdin()) if value == "-" else [value]
    return values
