"""Names of axes, found by experiment: an axis that grows with H is made of H.

Libraries that draw models (torchinfo, torch.fx) show sizes but not what they count, and equal
sizes look alike. Here the model is built again with each quantity increased, and the growth of
every axis is measured.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TypeAlias

from zoo_core.runtime.shapes.tracing import TracedTensor

Sizes: TypeAlias = Mapping[str, int]
"""The value of each letter."""
Probe: TypeAlias = Callable[[Sizes], list[TracedTensor]]
"""Builds a model with some sizes and returns its tensors."""
Growth: TypeAlias = list[list[Fraction]]
"""The growth of every axis of every tensor when a letter grows by one."""


def name_axes(probe: Probe, sizes: Sizes) -> list[tuple[TracedTensor, tuple[str, ...]]]:
    """Returns every tensor with its axes in letters; an axis that no letter changes is a number.

    Args:
        probe: Builds and traces the model.
        sizes: The letters and their values.
    """
    tensors = probe(sizes)
    growths = {}
    for letter in sizes:
        growth = _measure_growth(probe, sizes, letter, tensors)
        if growth is not None:
            growths[letter] = growth
    named = []
    for index, tensor in enumerate(tensors):
        axes = []
        for axis, size in enumerate(tensor.shape):
            factors = {letter: growth[index][axis] for letter, growth in growths.items()}
            factors = {letter: factor for letter, factor in factors.items() if factor}
            axes.append(_expression(size, factors, sizes))
        named.append((tensor, tuple(axes)))
    return named


def _measure_growth(
    probe: Probe, sizes: Sizes, letter: str, tensors: list[TracedTensor]
) -> Growth | None:
    """Returns how every axis grows with a letter, or None if the letter cannot change."""
    size = sizes[letter]
    # doubling comes first: it keeps the size divisible where the model requires it
    for increase in (size, 1, -1):
        if size + increase < 1:
            continue
        changed = _try_probe(probe, {**sizes, letter: size + increase})
        if changed is not None and _same_names(changed, tensors):
            return [
                [
                    Fraction(new - old, increase)
                    for old, new in zip(before.shape, after.shape, strict=True)
                ]
                for before, after in zip(tensors, changed, strict=True)
            ]
    return None


def _same_names(first: list[TracedTensor], second: list[TracedTensor]) -> bool:
    return [(t.name, t.kind) for t in first] == [(t.name, t.kind) for t in second]


def _try_probe(probe: Probe, sizes: Sizes) -> list[TracedTensor] | None:
    """Returns the tensors of a model of these sizes, or None if the model does not allow them."""
    try:
        return probe(sizes)
    except Exception:  # of a model of a plugin, which may raise anything for a wrong size
        return None


def _expression(size: int, factors: Mapping[str, Fraction], sizes: Sizes) -> str:
    """Returns an axis in letters, such as ``4H`` or ``E + H``, or its size if they do not fit.

    Args:
        size: The size of the axis.
        factors: The growth of the axis with each letter that changes it.
        sizes: The value of each letter.
    """
    rest = size - sum(factor * sizes[letter] for letter, factor in factors.items())
    if not factors or (rest and len(factors) > 1):
        return str(size)
    terms = " + ".join(_term(letter, factor) for letter, factor in factors.items())
    if not rest:
        return terms
    return f"{terms} {'+' if rest > 0 else '-'} {abs(rest)}"


def _term(letter: str, factor: Fraction) -> str:
    """Returns a multiple of a letter, such as ``H``, ``2H`` or ``T/2``."""
    numerator = "" if factor.numerator == 1 else str(factor.numerator)
    denominator = "" if factor.denominator == 1 else f"/{factor.denominator}"
    return f"{numerator}{letter}{denominator}"
