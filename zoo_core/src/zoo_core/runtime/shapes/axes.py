"""Which axis is what, found by trying: an axis that grows when H grows is made of H.

Libraries that draw models (torchinfo, torch.fx) tell sizes, not what they count; equal sizes would
look alike. Here the model is built again with each quantity larger, and every axis is seen to
grow by so much or not at all.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TypeAlias

from zoo_core.errors import ZooError
from zoo_core.runtime.shapes.tracing import Seen

Sizes: TypeAlias = Mapping[str, int]
"""The value of each letter."""
Probe: TypeAlias = Callable[[Sizes], list[Seen]]
"""What is seen of a model made with these sizes."""


def name_axes(probe: Probe, sizes: Sizes) -> list[tuple[Seen, tuple[str, ...]]]:
    """Every tensor with its axes in letters; an axis that nothing changes is a number.

    Args:
        probe: Builds and traces the model.
        sizes: The letters, and their values here.
    """
    seen = probe(sizes)
    growth = {letter: _growth(probe, sizes, letter, seen) for letter in sizes}
    named = []
    for index, each in enumerate(seen):
        axes = []
        for axis, size in enumerate(each.shape):
            parts = {letter: found[index][axis] for letter, found in growth.items() if found}
            axes.append(_expression(size, {k: share for k, share in parts.items() if share}, sizes))
        named.append((each, tuple(axes)))
    return named


def _growth(
    probe: Probe, sizes: Sizes, letter: str, seen: list[Seen]
) -> list[list[Fraction]] | None:
    """How much each axis grows by when a letter grows by one; None if it cannot change."""
    size = sizes[letter]
    for more in (size, 1, -1):  # twice as much first, so that what divides it still does
        changed = _probed(probe, {**sizes, letter: size + more}) if size + more > 0 else None
        if changed and [each[:2] for each in changed] == [each[:2] for each in seen]:
            return [
                [Fraction(b - a, more) for a, b in zip(before.shape, after.shape, strict=True)]
                for before, after in zip(seen, changed, strict=True)
            ]
    return None


def _probed(probe: Probe, sizes: Sizes) -> list[Seen] | None:
    """What is seen with these sizes, or None if the model refuses them."""
    try:
        return probe(sizes)
    except (ZooError, RuntimeError):
        return None


def _expression(size: int, parts: Mapping[str, Fraction], sizes: Sizes) -> str:
    """An axis in letters, such as ``4H`` or ``E + H``; its number if they do not explain it."""
    rest = size - sum(share * sizes[letter] for letter, share in parts.items())
    if not parts or (rest and len(parts) > 1):
        return str(size)
    words = " + ".join(_share(letter, share) for letter, share in parts.items())
    return f"{words} {'+' if rest > 0 else '-'} {abs(rest)}" if rest else words


def _share(letter: str, share: Fraction) -> str:
    over = "" if share.denominator == 1 else f"/{share.denominator}"
    return f"{'' if share.numerator == 1 else share.numerator}{letter}{over}"
