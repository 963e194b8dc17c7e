"""``zoo generate``."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.precision import precision_option
from zoo_cli.parsing.ranges import IntegerRange, NumberRange
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.run_options import SEED
from zoo_cli.parsing.unknown_option import unknown_option
from zoo_cli.terminal.input import read_stdin
from zoo_cli.terminal.output import echo, json_option, print_json

if TYPE_CHECKING:
    from zoo_core.data.vocabulary import Unknown
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
    from zoo_core.runtime.generation.sampler import Sampler

MAX_JSON_LENGTH = 10**8
"""Symbols of a text that ``--json`` holds in memory."""
MAX_STEPS = 10**5
"""Steps of music that ``--midi`` and ``--json`` hold in memory."""
MIDI_SUFFIXES = (".mid", ".midi")


@click.command()
@click.argument("reference", metavar="CHECKPOINT", shell_complete=complete_reference)
@click.option(
    "--prompt",
    help="Beginning of the text.  [default: a line end, else a blank, else the first character, "
    "of the vocabulary, as often as the model's window needs; of music a chord]",
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
    type=NumberRange(0, 1),
    help="Sample from the most likely symbols only that have the probability P together.  "
    "[default: all symbols]",
)
@click.option(
    "--seed", metavar="N", type=SEED, default=0, show_default=True, help="Random seed of the text."
)
@click.option(
    "--midi",
    metavar="FILE.mid",
    type=click.Path(path_type=Path),
    help="MIDI file to write the music to, with the prompt, instead of printing it.",
)
@click.option("--overwrite", is_flag=True, help="Replace the file of --midi.")
@unknown_option
@precision_option
@registry_option
@json_option
def generate(
    reference: str,
    prompt: str | None,
    file: str | None,
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

    Of music, every line is a step with the keys that sound.

    CHECKPOINT is a folder, the name of a run, hub:OWNER/REPO or a name of zoo list checkpoints.
    """
    from zoo_core.data.vocabulary import Unknown
    from zoo_core.plugins.catalog import load_catalog
    from zoo_core.runtime.generation.sampler import DEFAULT_TEMPERATURE, Sampler
    from zoo_core.runtime.locate import load_checkpoint
    from zoo_core.storage.atomic import check_new_file

    if as_json and length > MAX_JSON_LENGTH:
        raise click.UsageError(f"--json holds the text in memory: --length <= {MAX_JSON_LENGTH}")
    if midi:
        if midi.suffix.lower() not in MIDI_SUFFIXES:
            raise click.UsageError(f"--midi {midi}: name a FILE.mid")
        check_new_file(midi, overwrite=overwrite)
    prompt = _prompt_of(prompt, file)
    checkpoint = load_checkpoint(load_catalog(), reference)
    is_music = checkpoint.signature.predicts_next_keys
    if temperature is None:
        temperature = 1.0 if is_music else DEFAULT_TEMPERATURE
    sampler = Sampler(temperature, top_k, seed, top_p)
    if midi:
        _check_music(checkpoint)
    if is_music:
        _generate_music(checkpoint, prompt, length, sampler, midi, precision, as_json)
    else:
        policy = Unknown.parse(unknown)
        _generate_text(checkpoint, prompt, policy, length, sampler, precision, as_json)


def _prompt_of(prompt: str | None, file: str | None) -> str | None:
    """Returns the prompt, which may be in a file."""
    from zoo_core.data.text import read_text

    if not file:
        return prompt
    if prompt is not None:
        raise click.UsageError("--prompt and --file exclude each other")
    return (read_stdin() if file == "-" else read_text(Path(file))).removesuffix("\n")


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

    generation.check_generates(checkpoint.model)
    vocabulary = checkpoint.signature.vocabulary
    assert vocabulary is not None, "a model that predicts symbols has a vocabulary"
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


def _generate_music(
    checkpoint: Checkpoint,
    prompt: str | None,
    length: int,
    sampler: Sampler,
    midi: Path | None,
    precision: str,
    as_json: bool,
) -> None:
    """Prints a prompt, or the example of the data, and the steps that follow, or writes them."""
    from zoo_core.data.signature import Keys
    from zoo_core.runtime.datasets.answers import keys_in_words
    from zoo_core.runtime.datasets.midi_writer import AbstractMidiWriter
    from zoo_core.runtime.generation.generate import generate_keys
    from zoo_core.storage.atomic import write_file

    if sampler.top_k is not None or sampler.top_p is not None:
        raise click.UsageError("--top-k and --top-p choose among symbols; this model predicts keys")
    if (midi or as_json) and length > MAX_STEPS:
        raise click.UsageError(
            f"--midi and --json hold the music in memory: --length <= {MAX_STEPS}"
        )
    outputs, dataset = checkpoint.signature.outputs, checkpoint.dataset
    assert isinstance(outputs, Keys), "checked by the caller"
    batch = dataset.encode(dataset.example if prompt is None else prompt)
    start = [step.nonzero()[:, 0].tolist() for step in batch.inputs[0]]
    steps = islice(generate_keys(checkpoint.model, batch, sampler, precision), length)
    if not (midi or as_json):
        first = list(islice(steps, 1))  # fails before anything is printed
        for keys in chain(start, first, steps):
            echo(keys_in_words(outputs, keys))
        return
    following = list(steps)
    if midi:
        assert isinstance(dataset, AbstractMidiWriter), "checked by the caller"
        write_file(midi, dataset.midi([*start, *following]))
    if as_json:
        beginning = "; ".join(keys_in_words(outputs, keys) for keys in start)
        words = [[keys_in_words(outputs, [key]) for key in keys] for keys in following]
        print_json({"prompt": beginning, "steps": words, "midi": str(midi) if midi else None})
    else:
        echo(str(midi))


def _check_music(checkpoint: Checkpoint) -> None:
    """Checks that a model predicts keys that can be written as a MIDI file.

    Raises:
        MisfitError: It predicts something else.
    """
    from zoo_core.errors import MisfitError
    from zoo_core.runtime.datasets.midi_writer import AbstractMidiWriter

    is_writer = isinstance(checkpoint.dataset, AbstractMidiWriter)
    if not checkpoint.signature.predicts_next_keys or not is_writer:
        name, dataset = checkpoint.run_config.model, checkpoint.run_config.dataset
        raise MisfitError(f"{name} is trained on {dataset}, which is no music: leave out --midi")
