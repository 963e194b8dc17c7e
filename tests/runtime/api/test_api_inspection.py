"""``zoo_core.inspect``, ``states`` and ``embeddings``."""

from __future__ import annotations

import pytest
import torch

import zoo_core
from zoo_core import Unknown
from zoo_core.errors import (
    DataError,
    NotFoundError,
)
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint


def test_states_are_arrays_with_a_row_for_each_symbol(hello_checkpoint: Checkpoint) -> None:
    one, two = zoo_core.states(hello_checkpoint, ["hello", "hel"])
    assert (one.shape, two.shape, one.dtype.name) == ((5, 4), (3, 4), "float32")
    assert one[:3] == pytest.approx(two, abs=1e-6)
    cell = zoo_core.states(hello_checkpoint, "hello", gate="cell", layer=0)
    gate = zoo_core.states(hello_checkpoint, "hello", gate="output")
    assert gate * torch.tensor(cell).tanh().numpy() == pytest.approx(one)


def test_embeddings_are_the_last_states(hello_checkpoint: Checkpoint) -> None:
    both = zoo_core.embeddings(hello_checkpoint, ["hello", "hel"])
    assert both.shape == (2, 4)
    assert (both[1] == zoo_core.states(hello_checkpoint, "hel")[-1]).all()
    assert (both[0] == zoo_core.embeddings(hello_checkpoint, "hello")).all()


def test_states_refuse_unknown_symbols_unless_they_are_skipped(
    hello_checkpoint: Checkpoint,
) -> None:
    with pytest.raises(DataError, match="symbols that the vocabulary lacks"):
        zoo_core.embeddings(hello_checkpoint, "hexlo")
    with pytest.raises(DataError, match="no texts"):
        zoo_core.embeddings(hello_checkpoint, [])
    assert zoo_core.states(hello_checkpoint, "hexlo", unknown=Unknown("skip")).shape == (4, 4)
    with pytest.raises(NotFoundError, match="no gate 'reset'"):
        zoo_core.states(hello_checkpoint, "hello", gate="reset")


def test_an_inspection_has_guesses_and_every_state_and_gate(hello_checkpoint: Checkpoint) -> None:
    inspection = zoo_core.inspect(hello_checkpoint, "hex", top=1)
    assert [symbol.known for symbol in inspection.symbols] == [True, True, False]
    assert inspection.symbols[0].guesses[0].text == "o"
    names = [signal.name for signal in inspection.signals]
    assert names == ["hidden", "cell", "input", "forget", "candidate", "output"]
    assert not any(
        s.is_gate for s in zoo_core.inspect(hello_checkpoint, "hex", gates=False).signals
    )
