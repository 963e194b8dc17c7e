# [kernel]
"""A kernel for the GRU with the reset gate before the product."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor
from torch.nn.functional import linear
from zoo_core.runtime.nn import AbstractCell, AbstractKernel, HiddenState, LayerState, Weights


@final
class QuokkaKernel(AbstractKernel):
    """Computes both gates with one product, so that a step takes two products and not three."""

    name = "quokka"

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """See AbstractKernel: every other cell."""
        return None if cell.name == "gru-reset-before" else f"it does not support {cell.name}"

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
        size = cell.hidden_size
        projected = cell.project(weights, inputs)  # (B, T, 3H)
        gates, candidate = slice(2 * size), slice(2 * size, None)
        w_gates, w_new = weights["weight_hh"][gates], weights["weight_hh"][candidate]
        bias = weights.get("bias_hh")
        b_gates, b_new = (None, None) if bias is None else (bias[gates], bias[candidate])
        (hidden,) = state
        steps = range(projected.shape[1])
        outputs = [hidden] * len(steps)
        for t in reversed(steps) if reverse else steps:
            both = torch.sigmoid(projected[:, t, gates] + linear(hidden, w_gates, b_gates))
            reset, update = both.chunk(2, dim=1)
            new = torch.tanh(projected[:, t, candidate] + linear(reset * hidden, w_new, b_new))
            output = after = (1 - update) * new + update * hidden
            if lengths is not None:
                valid = (t < lengths).unsqueeze(1)  # (B, 1)
                after, output = torch.where(valid, after, hidden), torch.where(valid, output, 0)
            outputs[t], hidden = output, after
        return torch.stack(outputs, dim=1), HiddenState(hidden)


# [end]
