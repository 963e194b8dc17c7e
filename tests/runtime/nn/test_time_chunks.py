"""Gradient checkpointing over time gives the outputs, states and gradients of one scan."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor

from tests.testing.faulty.matrix import MatrixCell
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import rebuild, state_tensors
from zoo_gru.cell import GruCell
from zoo_lstm.cell import LstmCell

B, T, F, H = 3, 11, 4, 5


def computed(
    layer: Recurrent, inputs: Tensor, lengths: Tensor | None, resets: Tensor | None
) -> list[Tensor]:
    """Returns outputs, states and gradients of a layer."""
    layer.zero_grad()
    inputs = inputs.clone().requires_grad_()
    start = tuple(
        rebuild(part, (tensor + 0.5 for tensor in part))
        for part in layer.initial_state(len(inputs))
    )
    outputs, state = layer(inputs, start, lengths, resets=resets)
    tensors = list(state_tensors(state).values())
    torch.autograd.backward(outputs.square().sum() + sum(tensor.sum() for tensor in tensors))
    gradients = [parameter.grad for parameter in layer.parameters()]
    assert inputs.grad is not None
    return [outputs, *tensors, inputs.grad, *[grad for grad in gradients if grad is not None]]


@pytest.mark.parametrize("padded", [False, True])
@pytest.mark.parametrize("marked", [False, True])
@pytest.mark.parametrize("cell", [LstmCell(H), GruCell(H)], ids=["lstm", "gru"])
@pytest.mark.parametrize("kernel", [ReferenceKernel(), PortableKernel()], ids=lambda k: k.name)
def test_chunks_change_nothing(
    cell: LstmCell | GruCell, kernel: AbstractKernel, padded: bool, marked: bool
) -> None:
    torch.manual_seed(0)
    layer = Recurrent(cell, F, num_layers=2, bidirectional=True).double()
    layer.kernels = (kernel, ReferenceKernel())
    inputs = torch.randn(B, T, F, dtype=torch.float64)
    lengths = torch.tensor([T, 2, 6]) if padded else None
    resets = torch.rand(B, T) < 0.3 if marked else None
    expected = computed(layer, inputs, lengths, resets)
    for size in (4, T):
        layer.checkpoint_steps = size
        for ours, theirs in zip(computed(layer, inputs, lengths, resets), expected, strict=True):
            assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)


def test_a_state_that_is_not_finite_is_no_output_of_padding() -> None:
    layer = Recurrent(GruCell(H), F)
    layer.checkpoint_steps = 4
    lost = tuple(
        rebuild(part, (torch.full_like(tensor, torch.nan) for tensor in part))
        for part in layer.initial_state(1)
    )
    outputs, _ = layer(torch.randn(1, T, F), lost, torch.tensor([2]))
    assert not outputs[:, 2:].any()


def test_states_of_any_shape_are_kept() -> None:
    """Each row keeps the matrix of its own last valid step."""
    torch.manual_seed(0)
    layer = Recurrent(MatrixCell(H), F).double()
    inputs = torch.randn(H, T, F, dtype=torch.float64)
    lengths, resets = torch.tensor([T, 2, 6, 4, 9]), torch.rand(H, T) < 0.3
    expected = computed(layer, inputs, lengths, resets)
    layer.checkpoint_steps = 4
    for ours, theirs in zip(computed(layer, inputs, lengths, resets), expected, strict=True):
        assert torch.allclose(ours, theirs, rtol=0, atol=1e-12)
