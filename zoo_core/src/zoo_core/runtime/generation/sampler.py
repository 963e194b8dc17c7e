"""Choosing the next symbol from the logits of a model."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core.errors import ConfigError, IntegrityError

DEFAULT_TEMPERATURE = 0.8
"""The temperature of ``zoo generate`` and ``zoo_core.generate``."""
NOT_FINITE = "the logits of the model are not finite; train the model again"


@final
class Sampler:
    """Draws symbols, reproducibly. Use a new sampler for each text: a kernel may draw ahead.

    Args:
        temperature: What the logits are divided by; 0 always chooses the likeliest symbol.
        top_k: The number of likeliest symbols to draw from; None for all symbols.
        seed: The seed of the draws.

    Raises:
        ConfigError: The temperature is negative or not finite, or ``top_k`` is below 1.
    """

    def __init__(self, temperature: float = 1.0, top_k: int | None = None, seed: int = 0) -> None:
        if not 0 <= temperature < float("inf"):
            raise ConfigError(f"temperature = {temperature}: expected a number >= 0")
        if top_k is not None and top_k < 1:
            raise ConfigError(f"top_k = {top_k}: expected an integer >= 1")
        self.temperature, self.top_k = temperature, top_k
        self.generator = torch.Generator().manual_seed(seed)

    def draw(self, logits: Tensor) -> int:
        """Returns the id of the next symbol, drawn from logits (V,).

        Raises:
            IntegrityError: A logit is infinite or not a number.
        """
        logits = logits.cpu().double()
        if not bool(logits.isfinite().all()):
            raise IntegrityError(NOT_FINITE)
        if self.temperature == 0:
            return int(logits.argmax())
        if self.top_k is not None and self.top_k < len(logits):
            threshold = logits.topk(self.top_k).values[-1]
            logits = logits.masked_fill(logits < threshold, -torch.inf)
        cumulative = ((logits - logits.max()) / self.temperature).exp().cumsum(0)
        drawn = torch.searchsorted(cumulative, self.uniform(1) * cumulative[-1], right=True)
        return int(drawn.clamp(max=len(logits) - 1))

    def draw_keys(self, logits: Tensor) -> list[int]:
        """Returns the keys of the next step, each drawn by itself from logits (N,).

        With the temperature 0 they are the keys that are likelier than not.

        Raises:
            IntegrityError: A logit is infinite or not a number.
        """
        logits = logits.cpu().double()
        if not bool(logits.isfinite().all()):
            raise IntegrityError(NOT_FINITE)
        if self.temperature == 0:
            chosen = logits > 0
        else:
            chosen = self.uniform(len(logits)) < (logits / self.temperature).sigmoid()
        return [int(key) for key in chosen.nonzero()[:, 0]]

    def uniform(self, count: int) -> Tensor:
        """Returns the next random numbers from [0, 1), (count,).

        A symbol uses one, a step of keys one for each key.
        """
        return torch.rand(count, dtype=torch.float64, generator=self.generator)
