# [kernel]
"""The kernel against the reference, which is the definition."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_gru.cell import GruCell

from zoo_plugin_quokka.kernel import QuokkaKernel


@pytest.mark.parametrize("lengths", [None, torch.tensor([5, 2, 1])], ids=["whole", "padded"])
@pytest.mark.parametrize("bias", [True, False])
def test_outputs_and_gradients_equal_the_references(lengths: Tensor | None, bias: bool) -> None:
    torch.manual_seed(0)
    cell = GruCell(4, bias, reset_after=False)
    layer = Recurrent(cell, 3, num_layers=2, bidirectional=True).double()
    inputs = torch.randn(3, 5, 3).double()
    found = []
    for kernel in (QuokkaKernel(), ReferenceKernel()):
        layer.kernels = (kernel,)
        outputs, state = layer(inputs, None, lengths)
        gradients = torch.autograd.grad(outputs.sin().sum(), list(layer.parameters()))
        found.append((outputs, *(each.hidden for each in state), *gradients))
    torch.testing.assert_close(*found, rtol=0, atol=1e-12)


def test_other_cells_are_refused() -> None:
    reason = QuokkaKernel().refuses(GruCell(4), torch.zeros(1))
    assert reason == "it knows no gru"


# [end]
