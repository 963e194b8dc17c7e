"""Choosing the next symbol from a model's logits."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core.errors import ConfigError, IntegrityError

NOT_FINITE = "the model answers with numbers that are not finite; train anew"


@final
class Sampler:
    """Draws symbols, repeatably; one for each text, for a kernel may draw ahead.

    Args:
        temperature: Divides the logits; 0 takes the likeliest symbol.
        top_k: Draw only from so many of the likeliest; None from all.
        seed: Of the draws.

    Raises:
        ConfigError: A negative temperature or a top_k below 1.
    """

    def __init__(self, temperature: float = 1.0, top_k: int | None = None, seed: int = 0) -> None:
        if not 0 <= temperature < float("inf"):
            raise ConfigError(f"temperature = {temperature}: expected a number >= 0")
        if top_k is not None and top_k < 1:
            raise ConfigError(f"top_k = {top_k}: expected an integer >= 1")
        self.temperature, self.top_k = temperature, top_k
        self.generator = torch.Generator().manual_seed(seed)

    def draw(self, logits: Tensor) -> int:
        """The next symbol's id, from logits (V,).

        Raises:
            IntegrityError: A logit is infinite or not a number.
        """
        logits = logits.cpu().double()
        if not bool(logits.isfinite().all()):
            raise IntegrityError(NOT_FINITE)
        if self.temperature == 0:
            return int(logits.argmax())
        if self.top_k is not None and self.top_k < len(logits):
            bound = logits.topk(self.top_k).values[-1]
            logits = logits.masked_fill(logits < bound, -torch.inf)
        weights = ((logits - logits.max()) / self.temperature).exp().cumsum(0)
        found = torch.searchsorted(weights, self.uniform(1) * weights[-1], right=True)
        return int(found.clamp(max=len(logits) - 1))

    def uniform(self, count: int) -> Tensor:
        """The next numbers from [0, 1), (count,): one for each draw, whichever way it is made."""
        return torch.rand(count, dtype=torch.float64, generator=self.generator)
