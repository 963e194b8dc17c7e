"""``zoo_core.generate`` and ``stream``."""

from __future__ import annotations

import pytest

import zoo_core
from zoo_cli.commands.generate import generate as generate_command
from zoo_core.errors import MisfitError
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.generation.sampler import DEFAULT_TEMPERATURE


def test_generation_adds_so_many_symbols_and_repeats(prose: Checkpoint) -> None:
    first, again = (zoo_core.generate(prose, "the ", length=30, seed=5) for _ in range(2))
    assert first == again
    assert len(first) == 30
    vocabulary = prose.signature.vocabulary
    assert vocabulary is not None
    assert "\n" in vocabulary.ids
    assert zoo_core.generate(prose) == zoo_core.generate(prose, "\n")


def test_a_stream_has_the_symbols_of_the_text_one_by_one(prose: Checkpoint) -> None:
    symbols = zoo_core.stream(prose, "the ", length=30, seed=5)
    first = next(symbols)
    assert first + "".join(symbols) == zoo_core.generate(prose, "the ", length=30, seed=5)
    assert len(first) == 1


def test_the_command_and_the_function_have_the_same_temperature() -> None:
    (option,) = [param for param in generate_command.params if param.name == "temperature"]
    assert f"default: {DEFAULT_TEMPERATURE};" in option.to_info_dict()["help"]


def test_generation_of_a_model_of_other_labels_is_refused(hello_checkpoint: Checkpoint) -> None:
    with pytest.raises(MisfitError, match="does not predict the next symbol"):
        zoo_core.generate(hello_checkpoint, "hello")
