"""Choosing the next symbol from the logits of a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
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
        top_p: The probability that the symbols to draw from have together at least: the fewest
            that reach it, the likeliest first, of those that ``top_k`` leaves; None for all.
            Source: Holtzman et al. (2020), The Curious Case of Neural Text Degeneration.

    Raises:
        ConfigError: The temperature is negative or not finite, ``top_k`` is below 1, ``top_p`` is
            not above 0 and at most 1, or the seed has more than 64 bits.
    """

    def __init__(
        self,
        temperature: float = 1.0,
        top_k: int | None = None,
        seed: int = 0,
        top_p: float | None = None,
    ) -> None:
        if not 0 <= temperature < float("inf"):
            raise ConfigError(f"temperature = {temperature}: expected a number >= 0")
        if top_k is not None and top_k < 1:
            raise ConfigError(f"top_k = {top_k}: expected an integer >= 1")
        if top_p is not None and not 0 < top_p <= 1:
            raise ConfigError(f"top_p = {top_p}: expected a number > 0 and <= 1")
        if not -(2**63) <= seed < 2**64:
            raise ConfigError(f"seed = {seed}: expected an integer of 64 bits")
        self.temperature, self.top_k = temperature, top_k
        self.top_p = None if top_p == 1 else top_p
        self.generator = torch.Generator().manual_seed(seed)

    def draw(self, logits: Tensor) -> int:
        """Returns the id of the next symbol, drawn from logits (V,).

        Raises:
            IntegrityError: A logit is infinite or not a number.
        """
        # as ``draw_rows`` does, but for one row in about half the time
        logits = _checked(logits)
        if self.temperature == 0:
            return int(logits.argmax())
        weights = ((self.limit(logits) - logits.max()) / self.temperature).exp()
        cumulative = self.nucleus(weights).cumsum(0)
        drawn = torch.searchsorted(cumulative, self.uniform(1) * cumulative[-1], right=True)
        return int(drawn.clamp(max=len(logits) - 1))

    def limit(self, logits: Tensor) -> Tensor:
        """Returns logits (V,) with -∞ for the symbols that ``top_k`` leaves out."""
        if self.top_k is None or self.top_k >= len(logits):
            return logits
        return logits.masked_fill(logits < logits.topk(self.top_k).values[-1], -torch.inf)

    def nucleus(self, weights: Tensor) -> Tensor:
        """Returns weights (V,) with 0 for the symbols that ``top_p`` leaves out."""
        return weights if self.top_p is None else _nucleus(weights, self.top_p)

    def draw_keys(self, logits: Tensor) -> list[int]:
        """Returns the keys of the next step, each drawn by itself from logits (N,).

        With the temperature 0 they are the keys that are likelier than not.

        Raises:
            IntegrityError: A logit is infinite or not a number.
        """
        logits = _checked(logits)
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


def _checked(logits: Tensor) -> Tensor:
    """Returns logits in double precision on the CPU.

    Raises:
        IntegrityError: One of them is infinite or not a number.
    """
    logits = logits.cpu().double()
    # a finite sum has finite terms only, and asking each takes several operations for every symbol
    if not math.isfinite(logits.sum().item()) and not bool(logits.isfinite().all()):
        raise IntegrityError(NOT_FINITE)
    return logits


def draw_rows(samplers: Sequence[Sampler], logits: Tensor) -> list[int | IntegrityError]:
    """Draws the next symbol of several texts; each is what its sampler draws alone.

    Args:
        samplers: The sampler of each text.
        logits: The logits of each text, (B, V).

    Returns:
        The ids of the symbols. In the place of one stands the error of logits that are infinite or
        not a number.
    """
    logits = logits.cpu().double()
    is_finite, likeliest = logits.isfinite().all(1).tolist(), logits.argmax(1).tolist()
    highest = logits.amax(1, keepdim=True)
    if any(sampler.top_k is not None for sampler in samplers):
        rows = zip(samplers, logits, strict=True)
        logits = torch.stack([sampler.limit(row) for sampler, row in rows])
    temperatures = [[sampler.temperature or 1.0] for sampler in samplers]
    weights = ((logits - highest) / torch.tensor(temperatures, dtype=torch.float64)).exp()
    if any(sampler.top_p is not None for sampler in samplers):
        rows = zip(samplers, weights, strict=True)
        weights = torch.stack([sampler.nucleus(row) for sampler, row in rows])
    cumulative = weights.cumsum(1)
    draws = [sampler.uniform(1) if sampler.temperature else torch.zeros(1) for sampler in samplers]
    points = torch.cat(draws).unsqueeze(1) * cumulative[:, -1:]
    drawn = torch.searchsorted(cumulative, points, right=True)[:, 0]
    symbols = drawn.clamp(max=logits.shape[1] - 1).tolist()
    found: list[int | IntegrityError] = []
    for row, sampler in enumerate(samplers):
        symbol = symbols[row] if sampler.temperature else likeliest[row]
        found.append(symbol if is_finite[row] else IntegrityError(NOT_FINITE))
    return found


def _nucleus(weights: Tensor, share: float) -> Tensor:
    """Returns weights (V,) of which only the largest remain that make up a share of their sum."""
    ordered, order = weights.sort(descending=True, stable=True)
    before = ordered.cumsum(0) - ordered
    return weights.index_fill(0, order[before >= share * ordered.sum()], 0)
