"""``zoo generate``."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.new_file import NewFile
from zoo_cli.parsing.precision import use_precision_option
from zoo_cli.parsing.ranges import IntegerRange, NumberRange
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.run_options import SEED
from zoo_cli.parsing.unknown_option import unknown_option
from zoo_cli.terminal.input import naming_input, read_stdin
from zoo_cli.terminal.output import echo, json_option, print_json

if TYPE_CHECKING:
    from zoo_core.data.vocabulary import Unknown
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
    from zoo_core.runtime.generation.sampler import Sampler
    from zoo_core.runtime.nn.batch import Batch

MAX_JSON_LENGTH = 10**8
"""Symbols of the texts that ``--json`` or several texts hold in memory."""
MAX_TEXTS = 4096
"""Texts that one step of a model computes."""


@click.command()
@click.argument("reference", metavar="CHECKPOINT", shell_complete=complete_reference)
@click.option(
    "--prompt",
    "prompts",
    multiple=True,
    help="Beginning of the text; repeat it for several texts.  [default: a line end, else a blank, "
    "else the first character, of the vocabulary, as often as the model's window needs; of music a "
    "chord]",
)
@click.option(
    "--file",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False, allow_dash=True),
    help="File with the prompt, or - for stdin; a line end at its end is left out.",
)
@click.option("--lines", is_flag=True, help="Every line of --file is a prompt of its own.")
@click.option(
    "--batch",
    metavar="N",
    type=IntegerRange(1, MAX_TEXTS),
    help="Number of texts for each prompt; each has the seed after that of the one before. One "
    "step of the model computes all texts, and each is what its prompt and its seed give alone.  "
    "[default: 1]",
)
@click.option(
    "--length",
    metavar="N",
    type=IntegerRange(0, 10**12),
    default=200,
    show_default=True,
    help="Number of symbols to generate, or of steps of music.",
)
@click.option(
    "--temperature",
    metavar="T",
    type=NumberRange(0, 10**6),
    help="Sampling temperature; 0 always takes the most likely symbol or keys.  [default: 0.8; of "
    "music 1, as a lower one has fewer keys sound]",
)
@click.option(
    "--top-k",
    metavar="K",
    type=IntegerRange(1, 10**9),
    help="Sample from the K most likely symbols only.  [default: all symbols]",
)
@click.option(
    "--top-p",
    metavar="P",
    type=NumberRange(0, 1, min_open=True),
    help="Sample from the most likely symbols only that have the probability P together.  "
    "[default: all symbols]",
)
@click.option(
    "--seed", metavar="N", type=SEED, default=0, show_default=True, help="Random seed of the text."
)
@click.option(
    "--midi",
    metavar="FILE.mid",
    type=NewFile(".mid", synonyms=(".midi",)),
    help="MIDI file to write the music to, with the prompt, instead of printing it.",
)
@click.option("--overwrite", is_flag=True, help="Replace the file of --midi.")
@unknown_option
@use_precision_option
@registry_option
@json_option
def generate(
    reference: str,
    prompts: tuple[str, ...],
    file: str | None,
    lines: bool,
    batch: int | None,
    length: int,
    temperature: float | None,
    top_k: int | None,
    top_p: float | None,
    seed: int,
    midi: Path | None,
    overwrite: bool,
    unknown: str,
    precision: str,
    as_json: bool,
) -> None:
    """Generate text, or music, and print it while it is generated.

    Of music, every line is a step with the keys that sound. Several texts are printed at the end.

    CHECKPOINT is a folder, the name of a run, hub:OWNER/REPO or a name of zoo list checkpoints.
    """
    from zoo_core.data.vocabulary import Unknown
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.recipes.resolve import SEED_COUNT
    from zoo_core.runtime.generation.sampler import DEFAULT_TEMPERATURE, Sampler
    from zoo_core.runtime.locate import load_checkpoint
    from zoo_core.storage.atomic import check_new_file

    if midi:
        check_new_file(midi, overwrite=overwrite)
    elif overwrite:
        raise click.UsageError("--overwrite needs --midi: without it, no file is written")
    beginnings = _prompts_of(prompts, file, lines=lines)
    texts = len(beginnings) * (batch or 1)
    is_one = texts == 1 and batch is None and not lines
    if texts > MAX_TEXTS:
        raise click.UsageError(f"{texts} texts: expected at most {MAX_TEXTS} prompts times --batch")
    if (as_json or not is_one) and length * texts > MAX_JSON_LENGTH:
        which = "--json holds the text" if is_one else "several texts are held"
        raise click.UsageError(f"{which} in memory: --length <= {MAX_JSON_LENGTH // texts}")
    checkpoint = load_checkpoint(load_catalog(), reference)
    is_music = checkpoint.signature.predicts_next_keys
    if temperature is None:
        temperature = 1.0 if is_music else DEFAULT_TEMPERATURE
    sampler = Sampler(temperature, top_k, seed, top_p)
    if midi or is_music:
        from zoo_cli.commands.generate_music import check_music, generate_music

        if midi:
            check_music(checkpoint)
        if not is_one:
            raise click.UsageError("this model makes music, one piece at a time: one --prompt")
        generate_music(checkpoint, beginnings[0], length, sampler, midi, precision, as_json)
        return
    policy = Unknown.parse(unknown)
    if is_one:
        _generate_text(checkpoint, beginnings[0], policy, length, sampler, precision, as_json)
        return
    seeds = [(seed + number) % SEED_COUNT for number in range(batch or 1)]
    samplers = [Sampler(temperature, top_k, own, top_p) for _ in beginnings for own in seeds]
    _generate_texts(checkpoint, beginnings, policy, length, samplers, seeds, precision, as_json)


def _prompts_of(prompts: tuple[str, ...], file: str | None, *, lines: bool) -> list[str | None]:
    """Returns the prompts, which may be in a file; None stands for the default one."""
    from zoo_core.data.text import read_text

    if not file:
        if lines:
            raise click.UsageError("--lines goes with --file")
        return list(prompts) or [None]
    if prompts:
        raise click.UsageError("--prompt and --file exclude each other")
    text = (read_stdin() if file == "-" else read_text(Path(file))).removesuffix("\n")
    return list(text.split("\n")) if lines else [text]


def _generate_text(
    checkpoint: Checkpoint,
    prompt: str | None,
    policy: Unknown,
    length: int,
    sampler: Sampler,
    precision: str,
    as_json: bool,
) -> None:
    """Prints a prompt, or the default one for None, and the text that follows."""
    from zoo_cli.terminal.stream_text import stream
    from zoo_core.runtime.generation import generate as generation
    from zoo_core.runtime.generation.texts import generate_texts

    generation.check_generates(checkpoint.model)
    vocabulary = checkpoint.signature.vocabulary
    assert vocabulary is not None, "a model that predicts symbols has a vocabulary"
    batch = _encode(checkpoint, prompt, policy)
    start = vocabulary.decode(batch.inputs[0].tolist())
    if as_json:
        (ids,) = generate_texts(checkpoint.model, [batch], [sampler], [length], precision)
        print_json({"prompt": start, "text": vocabulary.decode(ids)})
        return
    symbols = islice(generation.generate(checkpoint.model, batch, sampler, precision), length)
    first = list(islice(symbols, 1))  # fails before the prompt is printed if that is too short
    echo(start, nl=False)
    stream(vocabulary.stream(chain(first, symbols)))


def _encode(checkpoint: Checkpoint, prompt: str | None, policy: Unknown) -> Batch:
    """Returns a prompt, or the default one for None, as a batch of one."""
    from zoo_core.runtime.generation.generate import default_prompt

    if prompt is not None:
        return checkpoint.dataset.encode(prompt, policy)
    vocabulary = checkpoint.signature.vocabulary
    assert vocabulary is not None, "a model that predicts symbols has a vocabulary"
    return default_prompt(checkpoint.model, vocabulary)


def _generate_texts(
    checkpoint: Checkpoint,
    prompts: list[str | None],
    policy: Unknown,
    length: int,
    samplers: list[Sampler],
    seeds: list[int],
    precision: str,
    as_json: bool,
) -> None:
    """Prints several texts, each with its prompt, below a line that names its seed.

    Args:
        checkpoint: The checkpoint.
        prompts: The prompts; None for the default one.
        policy: What to do with symbols that the vocabulary lacks.
        length: The number of symbols of each text.
        samplers: A sampler for each text.
        seeds: The seeds of the texts of one prompt.
        precision: As in ``generate``.
        as_json: Whether to print JSON.
    """
    from zoo_core.runtime.generation import generate as generation
    from zoo_core.runtime.generation.texts import generate_texts

    generation.check_generates(checkpoint.model)
    vocabulary = checkpoint.signature.vocabulary
    assert vocabulary is not None, "a model that predicts symbols has a vocabulary"
    batches = []
    for number, prompt in enumerate(prompts, start=1):
        with naming_input("prompt", number, len(prompts)):
            batch = _encode(checkpoint, prompt, policy)
            generation.check_prompt(checkpoint.model, batch.inputs.shape[1])
        batches += [batch] * len(seeds)
    lengths = [length] * len(batches)
    found = generate_texts(checkpoint.model, batches, samplers, lengths, precision)
    starts = [vocabulary.decode(batch.inputs[0].tolist()) for batch in batches]
    texts = [vocabulary.decode(ids) for ids in found]
    rows = list(zip(starts, seeds * len(prompts), texts, strict=True))
    if as_json:
        print_json([{"prompt": start, "seed": seed, "text": text} for start, seed, text in rows])
        return
    for number, (start, seed, text) in enumerate(rows, 1):
        echo(f"==> {number} of {len(rows)}, seed {seed} <==")
        echo(start + text)
