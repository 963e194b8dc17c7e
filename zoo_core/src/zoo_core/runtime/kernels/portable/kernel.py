"""The portable kernel."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor

from zoo_core.runtime.cell import AbstractCell, Weights
from zoo_core.runtime.kernel import AbstractKernel
from zoo_core.runtime.kernels.portable.gru import GruSweep
from zoo_core.runtime.kernels.portable.lstm import LstmSweep
from zoo_core.runtime.kernels.portable.rnn import RnnSweep
from zoo_core.runtime.kernels.recurrence import run
from zoo_core.runtime.kernels.reference import ReferenceKernel
from zoo_core.runtime.kernels.sweep import AbstractSweep
from zoo_core.runtime.state import LayerState

SWEEPS: dict[str, AbstractSweep] = {
    "rnn-tanh": RnnSweep("tanh"),
    "rnn-relu": RnnSweep("relu"),
    "lstm": LstmSweep(),
    "gru": GruSweep(),
}
STEP = ReferenceKernel()


@final
class PortableKernel(AbstractKernel):
    """Backpropagation through time written out in plain torch, for any CPU."""

    name = "portable"
    details = "plain torch, derivatives written out"
    looks_up = True

    def refuses(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Cells whose derivatives are not written out, projections, and other devices."""
        if cell.name not in SWEEPS:
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
        if inputs.shape[1] == 1 and not torch.is_grad_enabled():  # nothing to gain over the cell
            return STEP.scan(cell, weights, inputs, state, lengths=lengths, reverse=reverse)
        return run(SWEEPS[cell.name], weights, inputs, state, lengths=lengths, reverse=reverse)
