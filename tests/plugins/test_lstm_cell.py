"""The LSTM of the zoo, compared with ``torch.nn.LSTM`` in float64."""

from __future__ import annotations

from functools import partial

import pytest
from torch import nn

from tests.plugins.oracle import (
    PROJECTING_KERNELS,
    H,
    Pair,
    assert_equals_torch,
    assert_interchangeable,
    pair,
    with_and_without_bias,
    with_several_layers,
)
from zoo_core.errors import ConfigError
from zoo_lstm.cell import LstmCell


def lstm(layers: int, both: bool, bias: bool = True, proj_size: int = 0) -> Pair:
    """The zoo's LSTM and torch's."""
    cell = LstmCell(H, bias, proj_size)
    return pair(cell, nn.LSTM, layers, both, bias=bias, proj_size=proj_size)


@with_several_layers
def test_the_lstm_equals_torchs(layers: int) -> None:
    assert_equals_torch(lstm, layers)


@pytest.mark.filterwarnings("ignore:LSTM with projections")
@with_several_layers
def test_the_projected_lstm_equals_torchs(layers: int) -> None:
    projected = partial(lstm, proj_size=2)
    assert_equals_torch(projected, layers, PROJECTING_KERNELS, [(3, 6)], [[6, 1, 4]])


def test_a_projection_must_be_narrower_than_the_cell() -> None:
    with pytest.raises(ConfigError, match=r"model.proj_size = 5: expected < model.hidden_size = 5"):
        LstmCell(5, proj_size=5)


@with_and_without_bias
def test_state_dicts_of_the_lstm_and_torchs_are_interchangeable(bias: bool) -> None:
    assert_interchangeable(lstm(2, both=True, bias=bias))
