"""``zoo generate`` with a model that predicts keys: music, printed or written as a MIDI file."""

from __future__ import annotations

from itertools import chain, islice
from pathlib import Path

import click

from zoo_cli.terminal.output import echo, print_json
from zoo_core.data.signature import Keys
from zoo_core.errors import MisfitError
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.datasets.answers import keys_in_words
from zoo_core.runtime.datasets.midi_writer import AbstractMidiWriter
from zoo_core.runtime.generation.generate import generate_keys
from zoo_core.runtime.generation.sampler import Sampler
from zoo_core.storage.atomic import write_file

MAX_STEPS = 10**5
"""Steps of music that ``--midi`` and ``--json`` hold in memory."""


def generate_music(
    checkpoint: Checkpoint,
    prompt: str | None,
    length: int,
    sampler: Sampler,
    midi: Path | None,
    precision: str,
    as_json: bool,
) -> None:
    """Prints a prompt and the steps that follow, or writes them to a file.

    Args:
        checkpoint: A checkpoint of a model that predicts keys.
        prompt: The prompt; None for the example of the data.
        length: The number of steps.
        sampler: Chooses the keys.
        midi: The file to write; None to print the music.
        precision: As in ``zoo generate``.
        as_json: Whether to print JSON.

    Raises:
        click.UsageError: An option is for text, or the music is too long to be held in memory.
    """
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


def check_music(checkpoint: Checkpoint) -> None:
    """Checks that a model predicts keys that can be written as a MIDI file.

    Raises:
        MisfitError: It predicts something else.
    """
    is_writer = isinstance(checkpoint.dataset, AbstractMidiWriter)
    if not checkpoint.signature.predicts_next_keys or not is_writer:
        name, dataset = checkpoint.run_config.model, checkpoint.run_config.dataset
        raise MisfitError(f"{name} is trained on {dataset}, which is no music: leave out --midi")
