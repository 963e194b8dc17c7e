"""The next symbol drawn inside the exported model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import final

import torch
from torch import Tensor, nn

from zoo_core.runtime.exporting.program import Program

INPUTS = ("temperature", "top_k", "uniform")
OUTPUT = "token"
MIN_TEMPERATURE = 1e-6
"""The temperature at 0, where the likeliest symbol always wins."""


@final
class SamplerProgram(nn.Module):
    """A program that also draws the next symbol.

    It adds three inputs: ``temperature`` (), ``top_k`` (), 0 for all symbols, and ``uniform`` (B,),
    numbers below 1 that the caller draws, so that the exported model itself is deterministic. It
    adds one output, ``token`` (B,).

    Args:
        program: The model with its states.
    """

    def __init__(self, program: Program) -> None:
        super().__init__()
        self.program = program

    def forward(
        self,
        inputs: Tensor,
        states: Sequence[Tensor],
        temperature: Tensor,
        top_k: Tensor,
        uniform: Tensor,
    ) -> tuple[Tensor, ...]:
        """Runs the model, and draws by the logits of the last step."""
        logits, *after = self.program(inputs, states)
        last = logits[:, -1] if logits.dim() == 3 else logits
        return (logits, *after, draw(last, temperature, top_k, uniform))


def draw(logits: Tensor, temperature: Tensor, top_k: Tensor, uniform: Tensor) -> Tensor:
    """Draws a symbol of each row by inverting the cumulative distribution.

    Args:
        logits: (B, V).
        temperature: (); the logits are divided by it.
        top_k: (); only so many of the likeliest symbols are drawn; 0 for all.
        uniform: (B,), from 0 to below 1.

    Returns:
        The symbols, (B,).
    """
    symbols = logits.shape[-1]
    ranked, order = logits.sort(dim=-1, descending=True)
    scaled = ranked / temperature.clamp(min=MIN_TEMPERATURE)
    kept = torch.arange(symbols) < torch.where(top_k > 0, top_k, symbols)
    cumulative = scaled.masked_fill(~kept, float("-inf")).softmax(dim=-1).cumsum(dim=-1)
    below = (cumulative <= uniform.unsqueeze(1)).sum(dim=-1, keepdim=True)
    # rounding can leave the last cumulative number just below 1
    last = kept.sum() - 1
    return order.gather(1, torch.minimum(below, last)).squeeze(1)
