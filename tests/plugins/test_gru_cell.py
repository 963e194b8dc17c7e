"""The GRU of the zoo, compared with ``torch.nn.GRU`` in float64."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from tests.plugins.oracle import (
    EXACT,
    F,
    H,
    Pair,
    assert_equals_torch,
    assert_interchangeable,
    pair,
    with_and_without_bias,
    with_several_layers,
)
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.torch_layers import TorchKernel
from zoo_core.runtime.nn.cell import Weights
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import HiddenState
from zoo_gru.cell import GruCell, ResetBeforeGruCell

KINDS = ("ih", "hh")


def gru(layers: int, both: bool, bias: bool = True) -> Pair:
    """The zoo's GRU and torch's."""
    return pair(GruCell(H, bias), nn.GRU, layers, both, bias=bias)


@with_several_layers
def test_the_gru_equals_torchs(layers: int) -> None:
    assert_equals_torch(gru, layers)


@with_and_without_bias
def test_state_dicts_of_the_gru_and_torchs_are_interchangeable(bias: bool) -> None:
    assert_interchangeable(gru(2, both=True, bias=bias))


def papers_gru(weights: Weights, inputs: Tensor, hidden: Tensor) -> Tensor:
    """The equations of Cho et al. (2014), written out gate by gate."""
    (w_ir, w_iz, w_in), (w_hr, w_hz, w_hn) = (weights[f"weight_{k}"].view(3, H, -1) for k in KINDS)
    (b_ir, b_iz, b_in), (b_hr, b_hz, b_hn) = (weights[f"bias_{k}"].view(3, H) for k in KINDS)
    outputs = []
    for t in range(inputs.shape[1]):
        x = inputs[:, t]
        r = 1 / (1 + torch.exp(-(x @ w_ir.T + b_ir + hidden @ w_hr.T + b_hr)))
        z = 1 / (1 + torch.exp(-(x @ w_iz.T + b_iz + hidden @ w_hz.T + b_hz)))
        n = torch.tanh(x @ w_in.T + b_in + (r * hidden) @ w_hn.T + b_hn)
        hidden = (1 - z) * n + z * hidden
        outputs.append(hidden)
    return torch.stack(outputs, dim=1)


@pytest.fixture
def papers_layer() -> Recurrent:
    """A GRU with the reset gate before the product, in float64."""
    torch.manual_seed(0)
    return Recurrent(ResetBeforeGruCell(H), F).double()


def test_the_papers_cell_resets_before_the_product(
    papers_layer: Recurrent,
) -> None:
    inputs, start = torch.randn(3, 6, F).double(), torch.randn(3, H).double()
    expected = papers_gru(papers_layer.weights(0, 0), inputs, start)
    outputs, after = papers_layer(inputs, (HiddenState(start),))
    torch.testing.assert_close(outputs, expected, rtol=0, atol=EXACT)
    torch.testing.assert_close(after[0][0], expected[:, -1], rtol=0, atol=EXACT)


def test_the_papers_cell_has_the_gradients_of_a_naive_loop(papers_layer: Recurrent) -> None:
    inputs, start = torch.randn(3, 6, F).double(), torch.zeros(3, H).double()
    weights = papers_layer.weights(0, 0)
    leaves = list(weights.values())
    expected = torch.autograd.grad(papers_gru(weights, inputs, start).sin().sum(), leaves)
    ours = torch.autograd.grad(papers_layer(inputs)[0].sin().sum(), leaves)
    torch.testing.assert_close(ours, expected, rtol=0, atol=EXACT)


def test_the_papers_cell_passes_gradcheck(papers_layer: Recurrent) -> None:
    inputs = torch.randn(2, 3, F, dtype=torch.float64, requires_grad=True)
    weights = tuple(papers_layer.parameters())
    assert torch.autograd.gradcheck(lambda x, *_: papers_layer(x)[0], (inputs, *weights))


def test_the_papers_cell_differs_from_torchs(papers_layer: Recurrent) -> None:
    theirs = nn.GRU(F, H, batch_first=True).double()
    theirs.load_state_dict(papers_layer.state_dict())
    inputs = torch.randn(2, 4, F, dtype=torch.float64)
    assert not torch.allclose(papers_layer(inputs)[0], theirs(inputs)[0], atol=1e-3)


def test_the_torch_kernel_gives_a_reason_against_the_papers_cell(
    papers_layer: Recurrent,
) -> None:
    reason = TorchKernel().unsupported_reason(papers_layer.cell, next(papers_layer.parameters()))
    assert reason == "torch.nn has no gru-reset-before"


def test_the_reference_kernel_runs_the_papers_cell(papers_layer: Recurrent) -> None:
    other = Recurrent(GruCell(H), F)
    papers_layer.kernels = other.kernels = (PortableKernel(), TorchKernel(), ReferenceKernel())
    assert papers_layer.kernel.name == "reference"
    assert other.kernel.name == "portable"
