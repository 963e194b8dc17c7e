"""The portable kernel."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor

from zoo_core.runtime.kernels.autograd import scan_with_passes
from zoo_core.runtime.kernels.cell_passes import AbstractCellPasses
from zoo_core.runtime.kernels.portable.gru import GruPasses
from zoo_core.runtime.kernels.portable.lstm import LstmPasses
from zoo_core.runtime.kernels.portable.rnn import RnnPasses
from zoo_core.runtime.kernels.torch_layers import TorchKernel
from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import LayerState

PASSES: dict[str, AbstractCellPasses] = {
    "rnn-tanh": RnnPasses("tanh"),
    "rnn-relu": RnnPasses("relu"),
    "lstm": LstmPasses(),
    "gru": GruPasses(),
}
STEP, FUSED = ReferenceKernel(), TorchKernel()
FEW_ROWS, FEW_SYMBOLS = 128, 256
"""Below both, oneDNN's LSTM is faster than the products of one step after the other; symbols
because it wants them as one-hot vectors."""


@final
class PortableKernel(AbstractKernel):
    """Backpropagation through time written out in plain torch, for any CPU.

    A single step without gradients is the cell's own, and an LSTM of few rows oneDNN's, where
    those are faster.
    """

    name = "portable"
    details = "plain torch, derivatives written out"
    prefers_tokens = True

    def refuses(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Cells whose derivatives are not written out, projections, and other devices."""
        if cell.name not in PASSES:
            return f"no derivatives of {cell.name} are written out"
        if cell.output_size != cell.hidden_size:
            return "projections are not written out"
        if like.device.type != "cpu":
            return f"it is made for the CPU, not for {like.device.type}"
        return None

    def scan(
        self,
        cell: AbstractCell[Any],
        weights: Weights,
        inputs: Tensor,
        state: LayerState,
        *,
        lengths: Tensor | None,
        reverse: bool,
    ) -> tuple[Tensor, LayerState]:
        """See AbstractKernel."""
        casting = torch.is_autocast_enabled("cpu")  # the cell's states would be rounded
        if inputs.shape[1] == 1 and not torch.is_grad_enabled() and not casting:
            return STEP.scan(cell, weights, inputs, state, lengths=lengths, reverse=reverse)
        if cell.name == "lstm" and lengths is None and _suits_onednn(inputs, weights["weight_ih"]):
            return FUSED.scan(cell, weights, inputs, state, lengths=lengths, reverse=reverse)
        return scan_with_passes(
            PASSES[cell.name], weights, inputs, state, lengths=lengths, reverse=reverse
        )


def _suits_onednn(inputs: Tensor, weight_ih: Tensor) -> bool:
    """Whether inputs (B, T, F) or (B, T) are few enough, and torch would hand them to oneDNN."""
    symbols = 0 if inputs.is_floating_point() else weight_ih.shape[1]
    few = inputs.shape[0] < FEW_ROWS and symbols < FEW_SYMBOLS
    plain = weight_ih.dtype == torch.float32 and inputs.dtype in (torch.float32, torch.int64)
    there = torch._C._has_mkldnn and bool(torch.backends.mkldnn.enabled)
    apart = torch.is_autocast_enabled("cpu") or torch.compiler.is_compiling()  # it traces it wrong
    return few and plain and there and not apart
