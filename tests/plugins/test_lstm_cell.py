"""The LSTM of the zoo, compared with ``torch.nn.LSTM`` in float64."""

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
    every_projecting_kernel,
    every_shape,
    every_stack,
    pair,
    with_and_without_bias,
)
from zoo_core.errors import ConfigError
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_lstm.cell import LstmCell


def lstm(layers: int, both: bool, bias: bool = True, proj_size: int = 0) -> Pair:
    """The zoo's LSTM and torch's."""
    cell = LstmCell(H, bias, proj_size)
    return pair(cell, nn.LSTM, layers, both, bias=bias, proj_size=proj_size)


@every_kernel
@every_stack
@every_direction
@with_and_without_bias
@every_shape
def test_the_lstm_equals_torchs(
    kernel: AbstractKernel, layers: int, both: bool, bias: bool, batch: int, steps: int
) -> None:
    both_layers = lstm(layers, both, bias).share_weights(kernel)
    inputs = both_layers.inputs(batch, steps)
    assert_equal(both_layers, inputs, both_layers.start(batch))


@every_kernel
@every_direction
def test_the_lstm_starts_from_zeros_as_torchs(kernel: AbstractKernel, both: bool) -> None:
    both_layers = lstm(2, both).share_weights(kernel)
    assert_equal(both_layers, both_layers.inputs(3, 6), None)


@every_kernel
@every_stack
@every_direction
@with_and_without_bias
@pytest.mark.parametrize("lengths", [[6, 1, 4, 2], [1, 1], [3]], ids=str)
def test_the_lstm_with_lengths_equals_torchs_over_packed_sequences(
    kernel: AbstractKernel, layers: int, both: bool, bias: bool, lengths: list[int]
) -> None:
    both_layers = lstm(layers, both, bias).share_weights(kernel)
    inputs, start = both_layers.inputs(len(lengths), 6), both_layers.start(len(lengths))
    assert_equal(both_layers, inputs, start, torch.tensor(lengths))


@every_projecting_kernel
@every_stack
@every_direction
@with_and_without_bias
@pytest.mark.parametrize("lengths", [None, [6, 1, 4]], ids=str)
@pytest.mark.filterwarnings("ignore:LSTM with projections")
def test_the_projected_lstm_equals_torchs(
    kernel: AbstractKernel, layers: int, both: bool, bias: bool, lengths: list[int] | None
) -> None:
    both_layers = lstm(layers, both, bias, proj_size=2).share_weights(kernel)
    inputs, start = both_layers.inputs(3, 6), both_layers.start(3)
    assert_equal(both_layers, inputs, start, None if lengths is None else torch.tensor(lengths))


def test_a_projection_must_be_narrower_than_the_cell() -> None:
    with pytest.raises(ConfigError, match=r"model.proj_size = 5: expected < model.hidden_size = 5"):
        LstmCell(5, proj_size=5)


@with_and_without_bias
def test_state_dicts_of_the_lstm_and_torchs_are_interchangeable(bias: bool) -> None:
    assert_interchangeable(lstm(2, both=True, bias=bias))
