# [kernel]
"""The kernel, compared with the reference kernel."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor
from zoo_core.runtime.nn import Recurrent, ReferenceKernel
from zoo_gru.cell import GruCell, ResetBeforeGruCell

from zoo_plugin_quokka.kernel import QuokkaKernel


@pytest.mark.parametrize("lengths", [None, torch.tensor([5, 2, 1])], ids=["whole", "padded"])
@pytest.mark.parametrize("bias", [True, False])
def test_outputs_and_gradients_equal_the_references(lengths: Tensor | None, bias: bool) -> None:
    torch.manual_seed(0)
    cell = ResetBeforeGruCell(4, bias)
    layer = Recurrent(cell, 3, num_layers=2, bidirectional=True).double()
    inputs = torch.randn(3, 5, 3).double()
    results = []
    for kernel in (QuokkaKernel(), ReferenceKernel()):
        layer.kernels = (kernel,)
        outputs, state = layer(inputs, None, lengths)
        gradients = torch.autograd.grad(outputs.sin().sum(), list(layer.parameters()))
        results.append((outputs, *(part.hidden for part in state), *gradients))
    torch.testing.assert_close(*results, rtol=0, atol=1e-12)


def test_other_cells_are_not_supported() -> None:
    reason = QuokkaKernel().unsupported_reason(GruCell(4), torch.zeros(1))
    assert reason == "it does not support gru"


# [end]
