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
from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel, ScanCase
from zoo_core.runtime.nn.state import LayerState

PASSES: dict[str, AbstractCellPasses] = {
    "rnn-tanh": RnnPasses("tanh"),
    "rnn-relu": RnnPasses("relu"),
    "lstm": LstmPasses(),
    "gru": GruPasses(),
}
MIN_LSTM_ROWS, MIN_LSTM_SYMBOLS = 128, 256
"""Below both, oneDNN's LSTM, which the torch kernel calls, is faster than a product per step. It
takes tokens as one-hot vectors, which are slow for many symbols."""


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
        return not case.is_single_step and not _is_faster_in_onednn(case)

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
        passes = PASSES[cell.name]
        return scan_with_passes(passes, weights, inputs, state, lengths=lengths, reverse=reverse)


def _is_faster_in_onednn(case: ScanCase) -> bool:
    """Whether torch would call oneDNN for an LSTM, and it is small enough to be faster there."""
    if case.cell.name != "lstm" or case.padded or case.autocast:
        return False
    if case.batch_size >= MIN_LSTM_ROWS or case.symbols >= MIN_LSTM_SYMBOLS:
        return False
    if case.dtype != torch.float32 or case.input_dtype not in (torch.float32, torch.int64):
        return False
    return torch._C._has_mkldnn and bool(torch.backends.mkldnn.enabled)
