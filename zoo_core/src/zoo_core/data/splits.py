"""The splits that measure a model."""

from __future__ import annotations

from collections.abc import Collection, Iterable

SELECTION_ORDER = ("validation", "test", "train")
"""The split that measures a run, by preference."""
PUBLICATION_ORDER = ("test", "validation", "train")
"""The split that measures a published checkpoint, by preference."""


def held_out_splits(splits: Iterable[str]) -> list[str]:
    """Returns the splits other than ``train``; all of them if there is no other."""
    names = list(splits)
    return [name for name in names if name != "train"] or names


def main_split(splits: Collection[str], order: Iterable[str] = SELECTION_ORDER) -> str:
    """Returns the first split of an order that is there; empty if none is."""
    for name in order:
        if name in splits:
            return name
    return ""
