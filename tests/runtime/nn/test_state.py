"""States of a recurrence: detached from their graph, and turned into tensors by name."""

from __future__ import annotations

import pytest
import torch

from zoo_core.runtime.nn.state import (
    HiddenState,
    LstmState,
    State,
    detach,
    rebuild,
    restore_state,
    state_tensors,
)


@pytest.fixture
def lstm_state() -> State:
    """Two layers of LSTM, with gradients."""
    tensors = torch.arange(24.0, requires_grad=True).reshape(4, 2, 3).unbind()
    return (LstmState(tensors[0], tensors[1]), LstmState(tensors[2], tensors[3]))


def test_detaching_keeps_types_and_numbers_and_removes_the_graph(lstm_state: State) -> None:
    detached = detach(lstm_state)
    assert detached is not None
    assert [type(part) for part in detached] == [LstmState, LstmState]
    assert torch.equal(detached[1][1], lstm_state[1][1])
    assert not any(tensor.requires_grad for part in detached for tensor in part)


def test_detaching_no_state_gives_none() -> None:
    assert detach(None) is None


def test_tensors_are_named_by_layer_and_field(lstm_state: State) -> None:
    assert list(state_tensors(lstm_state)) == ["0.hidden", "0.cell", "1.hidden", "1.cell"]


def test_a_state_is_restored_from_its_tensors(lstm_state: State) -> None:
    zeros = tuple(LstmState(*(torch.zeros_like(t) for t in part)) for part in lstm_state)
    restored = restore_state(zeros, state_tensors(lstm_state))
    assert [type(part) for part in restored] == [LstmState, LstmState]
    for ours, theirs in zip(restored, lstm_state, strict=True):
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True))


def test_rebuilding_keeps_the_type() -> None:
    state = rebuild(HiddenState(torch.zeros(1, 2)), [torch.ones(1, 2)])
    assert isinstance(state, HiddenState)
    assert state.hidden.sum() == 2
