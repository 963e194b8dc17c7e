"""The recurrent layer beyond what the oracles of the cells hold."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch import Tensor
from zoo_core.runtime.kernels.fused import TorchKernel
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.reference import ReferenceKernel
from zoo_core.runtime.recurrent import Recurrent
from zoo_core.runtime.state import LstmState
from zoo_lstm.cell import LstmCell

F, H = 3, 5


def layer(**how: Any) -> Recurrent:
    """Layers of LSTM with the same weights each time."""
    torch.manual_seed(0)
    return Recurrent(LstmCell(H), F, **how)


def inputs(batch: int = 2, steps: int = 4) -> Tensor:
    """The same inputs each time."""
    generator = torch.Generator().manual_seed(1)
    return torch.randn(batch, steps, F, generator=generator)


def test_parameters_are_named_as_in_torch() -> None:
    theirs = torch.nn.LSTM(F, H, 2, bidirectional=True).state_dict()
    ours = layer(num_layers=2, bidirectional=True).state_dict()
    assert {name: each.shape for name, each in ours.items()} == {
        name: each.shape for name, each in theirs.items()
    }


def test_parameters_start_within_one_by_the_root_of_the_width() -> None:
    drawn = torch.cat([each.detach().flatten() for each in layer(num_layers=3).parameters()])
    assert drawn.abs().max() <= H**-0.5
    assert drawn.abs().max() > 0.9 * H**-0.5
    assert drawn.mean().abs() < 0.05


def test_the_initial_state_is_zeros_for_every_layer_and_direction() -> None:
    state = layer(num_layers=2, bidirectional=True).double().initial_state(7)
    assert [type(each) for each in state] == [LstmState] * 4
    assert all(tensor.shape == (7, H) for each in state for tensor in each)
    assert all(tensor.dtype == torch.float64 for each in state for tensor in each)
    assert not any(tensor.any() for each in state for tensor in each)


@pytest.mark.parametrize(("both", "width"), [(False, H), (True, 2 * H)])
def test_outputs_are_as_wide_as_the_directions_together(both: bool, width: int) -> None:
    recurrent = layer(bidirectional=both)
    outputs, state = recurrent(inputs())
    assert outputs.shape == (2, 4, width)
    assert recurrent.output_size == width
    assert recurrent.last(state).shape == (2, width)


def test_the_last_output_is_that_of_each_directions_end() -> None:
    recurrent = layer(bidirectional=True)
    outputs, state = recurrent(inputs())
    ends = torch.cat([outputs[:, -1, :H], outputs[:, 0, H:]], dim=1)
    torch.testing.assert_close(recurrent.last(state), ends, rtol=0, atol=0)


def test_steps_beyond_a_rows_length_give_zeros() -> None:
    outputs, _ = layer(bidirectional=True)(inputs(), None, torch.tensor([4, 2]))
    assert not outputs[1, 2:].any()
    assert outputs[1, :2].all()


def test_dropout_lies_between_layers_and_not_after_the_last() -> None:
    single, double = layer(dropout=0.9).train(), layer(num_layers=2, dropout=0.9).train()
    assert torch.equal(single(inputs())[0], single(inputs())[0])
    assert not torch.equal(double(inputs())[0], double(inputs())[0])
    assert double(inputs())[0].all()


def test_dropout_drops_the_same_whichever_kernel_runs() -> None:
    answers = []
    for kernel in (ReferenceKernel(), TorchKernel(), PortableKernel()):
        recurrent = layer(num_layers=2, dropout=0.5).train()
        recurrent.kernels = (kernel,)
        torch.manual_seed(1)
        answers.append(recurrent(inputs())[0])
    torch.testing.assert_close(answers[0], answers[1], rtol=0, atol=1e-6)
    torch.testing.assert_close(answers[0], answers[2], rtol=0, atol=1e-6)


def test_the_first_kernel_that_does_not_refuse_runs() -> None:
    recurrent = layer()
    assert recurrent.kernel.name == "portable"
    recurrent.kernels = (ReferenceKernel(),)
    assert recurrent.kernel.name == "reference"


def test_weights_of_a_layer_and_direction_go_by_the_cells_names() -> None:
    recurrent = layer(num_layers=2, bidirectional=True)
    weights = recurrent.weights(1, 1)
    assert list(weights) == ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]
    assert weights["weight_ih"] is recurrent.get_parameter("weight_ih_l1_reverse")
