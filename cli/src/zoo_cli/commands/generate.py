"""``zoo generate``."""

from __future__ import annotations

from pathlib import Path

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.precision import precision_option
from zoo_cli.parsing.ranges import IntegerRange, NumberRange
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.run_options import SEED
from zoo_cli.parsing.unknown_option import unknown_option
from zoo_cli.terminal.input import read_stdin
from zoo_cli.terminal.output import echo, json_option, print_json

MAX_JSON_LENGTH = 10**8
"""Symbols of a text that ``--json`` holds in memory."""


@click.command()
@click.argument("reference", metavar="CHECKPOINT", shell_complete=complete_reference)
@click.option(
    "--prompt",
    help="Beginning of the text.  [default: a line end, else a blank, else the first character, "
    "of the vocabulary, as often as the model's window needs]",
)
@click.option(
    "--file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="File with the prompt, or - for stdin; a line end at its end is left out.",
)
@click.option(
    "--length",
    metavar="N",
    type=IntegerRange(0, 10**12),
    default=200,
    show_default=True,
    help="Number of symbols to generate.",
)
@click.option(
    "--temperature",
    metavar="T",
    type=NumberRange(0, 10**6),
    default=0.8,
    show_default=True,
    help="Sampling temperature; 0 always takes the most likely symbol.",
)
@click.option(
    "--top-k",
    metavar="K",
    type=IntegerRange(1, 10**9),
    help="Sample from the K most likely symbols only.  [default: all symbols]",
)
@click.option(
    "--seed", metavar="N", type=SEED, default=0, show_default=True, help="Random seed of the text."
)
@unknown_option
@precision_option
@registry_option
@json_option
def generate(
    reference: str,
    prompt: str | None,
    file: str | None,
    length: int,
    temperature: float,
    top_k: int | None,
    seed: int,
    unknown: str,
    precision: str,
    as_json: bool,
) -> None:
    """Generate text and print it while it is generated.

    CHECKPOINT is a folder, the name of a run, hub:OWNER/REPO or a name of zoo list checkpoints.
    """
    from itertools import chain, islice

    from zoo_cli.terminal.stream_text import stream
    from zoo_core.data.text import read_text
    from zoo_core.data.vocabulary import Unknown
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.runtime.generation import generate as generation
    from zoo_core.runtime.generation.sampler import Sampler
    from zoo_core.runtime.locate import load_checkpoint

    if as_json and length > MAX_JSON_LENGTH:
        raise click.UsageError(f"--json holds the text in memory: --length <= {MAX_JSON_LENGTH}")
    if file:
        if prompt is not None:
            raise click.UsageError("--prompt and --file exclude each other")
        prompt = (read_stdin() if file == "-" else read_text(Path(file))).removesuffix("\n")
    sampler = Sampler(temperature, top_k, seed)
    checkpoint = load_checkpoint(load_catalog(), reference)
    generation.check_generates(checkpoint.model)
    vocabulary = checkpoint.signature.vocabulary
    assert vocabulary is not None, "a model that predicts symbols has a vocabulary"
    policy = Unknown.parse(unknown)
    if prompt is None:
        batch = generation.default_prompt(checkpoint.model, vocabulary)
    else:
        batch = checkpoint.dataset.encode(prompt, policy)
    start = vocabulary.decode(batch.inputs[0].tolist())
    ids = islice(generation.generate(checkpoint.model, batch, sampler, precision), length)
    if as_json:
        print_json({"prompt": start, "text": vocabulary.decode(ids)})
        return
    first = list(islice(ids, 1))  # fails before the prompt is printed if the prompt is too short
    echo(start, nl=False)
    stream(vocabulary.stream(chain(first, ids)))
