"""The portable kernel."""

from __future__ import annotations

from typing import Any, final

from torch import Tensor

from zoo_core.runtime.kernels.autograd import scan_with_passes
from zoo_core.runtime.kernels.cell_passes import AbstractCellPasses
from zoo_core.runtime.kernels.onednn import PORTABLE_BF16, PORTABLE_FP32, runs_faster_in_onednn
from zoo_core.runtime.kernels.portable.gru import GruPasses
from zoo_core.runtime.kernels.portable.lstm import LstmPasses
from zoo_core.runtime.kernels.portable.rnn import RnnPasses
from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel, ScanCase
from zoo_core.runtime.nn.state import LayerState

PASSES: dict[str, AbstractCellPasses] = {
    "rnn-tanh": RnnPasses("tanh"),
    "rnn-relu": RnnPasses("relu"),
    "lstm": LstmPasses(),
    "gru": GruPasses(),
}


@final
class PortableKernel(AbstractKernel):
    """Backpropagation through time written out in plain torch, for any CPU."""

    name = "portable"
    details = "plain torch, derivatives written out"
    cells = tuple(PASSES)
    prefers_tokens = True

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """See AbstractKernel: other cells, projections and other devices."""
        if cell.name not in PASSES:
            return f"no derivatives of {cell.name} are written out"
        if cell.output_size != cell.hidden_size:
            return "projections are not written out"
        if like.device.type != "cpu":
            return f"it runs on the CPU only, not on {like.device.type}"
        return None

    def pays(self, case: ScanCase) -> bool:
        """See AbstractKernel: not for a single step, nor for an LSTM that oneDNN runs faster."""
        if case.is_single_step:
            return False
        return case.in_numpy or not runs_faster_in_onednn(case, PORTABLE_FP32, PORTABLE_BF16)

    def passes(self, cell: AbstractCell[Any]) -> AbstractCellPasses:
        """Returns the passes of a cell that the kernel supports."""
        return PASSES[cell.name]

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
        passes = self.passes(cell)
        return scan_with_passes(passes, weights, inputs, state, lengths=lengths, reverse=reverse)
