"""The RNN of the zoo, compared with ``torch.nn.RNN`` in float64."""

from __future__ import annotations

from functools import partial

import pytest
from torch import nn

from tests.plugins.oracle import (
    H,
    Pair,
    assert_equals_torch,
    assert_interchangeable,
    pair,
    with_and_without_bias,
    with_several_layers,
)
from zoo_rnn.cell import RnnCell
from zoo_rnn.configs import Nonlinearity

either_nonlinearity = pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])


def rnn(layers: int, both: bool, bias: bool = True, nonlinearity: Nonlinearity = "tanh") -> Pair:
    """The zoo's RNN and torch's."""
    return pair(
        RnnCell(H, nonlinearity, bias), nn.RNN, layers, both, bias=bias, nonlinearity=nonlinearity
    )


@with_several_layers
@either_nonlinearity
def test_the_rnn_equals_torchs(nonlinearity: Nonlinearity, layers: int) -> None:
    assert_equals_torch(partial(rnn, nonlinearity=nonlinearity), layers)


@with_and_without_bias
def test_state_dicts_of_the_rnn_and_torchs_are_interchangeable(bias: bool) -> None:
    assert_interchangeable(rnn(2, both=True, bias=bias))
