"""The RNN of the zoo, compared with ``torch.nn.RNN`` in float64."""

from __future__ import annotations

import pytest
import torch
from torch import nn

from tests.plugins.oracle import (
    H,
    Pair,
    assert_equal,
    assert_interchangeable,
    every_direction,
    every_kernel,
    every_shape,
    every_stack,
    pair,
    with_and_without_bias,
)
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_rnn.cell import RnnCell
from zoo_rnn.configs import Nonlinearity

either_nonlinearity = pytest.mark.parametrize("nonlinearity", ["tanh", "relu"])


def rnn(layers: int, both: bool, bias: bool = True, nonlinearity: Nonlinearity = "tanh") -> Pair:
    """The zoo's RNN and torch's."""
    return pair(
        RnnCell(H, nonlinearity, bias), nn.RNN, layers, both, bias=bias, nonlinearity=nonlinearity
    )


@either_nonlinearity
@every_kernel
@every_stack
@every_direction
@with_and_without_bias
@every_shape
def test_the_rnn_equals_torchs(
    kernel: AbstractKernel,
    layers: int,
    both: bool,
    bias: bool,
    batch: int,
    steps: int,
    nonlinearity: Nonlinearity,
) -> None:
    both_layers = rnn(layers, both, bias, nonlinearity).share_weights(kernel)
    inputs = both_layers.inputs(batch, steps)
    assert_equal(both_layers, inputs, both_layers.start(batch))


@either_nonlinearity
@every_kernel
@every_direction
def test_the_rnn_starts_from_zeros_as_torchs(
    kernel: AbstractKernel, both: bool, nonlinearity: Nonlinearity
) -> None:
    both_layers = rnn(2, both, nonlinearity=nonlinearity).share_weights(kernel)
    assert_equal(both_layers, both_layers.inputs(3, 6), None)


@either_nonlinearity
@every_kernel
@every_stack
@every_direction
@with_and_without_bias
@pytest.mark.parametrize("lengths", [[6, 1, 4, 2], [1, 1], [3]], ids=str)
def test_the_rnn_with_lengths_equals_torchs_over_packed_sequences(
    kernel: AbstractKernel,
    layers: int,
    both: bool,
    bias: bool,
    lengths: list[int],
    nonlinearity: Nonlinearity,
) -> None:
    both_layers = rnn(layers, both, bias, nonlinearity).share_weights(kernel)
    inputs, start = both_layers.inputs(len(lengths), 6), both_layers.start(len(lengths))
    assert_equal(both_layers, inputs, start, torch.tensor(lengths))


@with_and_without_bias
def test_state_dicts_of_the_rnn_and_torchs_are_interchangeable(bias: bool) -> None:
    assert_interchangeable(rnn(2, both=True, bias=bias))
