"""Splits in which every label has the same share."""

from __future__ import annotations

from collections.abc import Sequence

from zoo_core.runtime.datasets.epoch_order import fixed_order
from zoo_core.runtime.datasets.splits import SplitFractions


def stratified_splits(
    inputs: Sequence[str], labels: Sequence[str], fractions: SplitFractions
) -> dict[str, list[int]]:
    """Returns the numbers of the rows of each split, in the order of the data.

    Each label is shuffled once, with numbers that never change, and split by itself. Every label
    has a row in the training split at least. Equal inputs are one input: they are in one split,
    with the label of the first of them.

    Args:
        inputs: The input of each row.
        labels: The label of each row.
        fractions: Fractions of the validation and test splits.
    """
    rows_of: dict[str, list[int]] = {}
    for row, value in enumerate(inputs):
        rows_of.setdefault(value, []).append(row)
    by_label: dict[str, list[str]] = {}
    for value, rows in rows_of.items():
        by_label.setdefault(labels[rows[0]], []).append(value)
    splits: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    seen = {"validation": 0.0, "test": 0.0}
    for label in sorted(by_label):
        distinct = by_label[label]
        order = fixed_order(len(distinct)).tolist()
        first = 0
        for split, fraction in (("test", fractions.test), ("validation", fractions.validation)):
            # What rounding left over of one label counts for the next one.
            seen[split] += fraction * len(distinct)
            count = min(int(seen[split] + 1e-6), len(distinct) - 1 - first)
            seen[split] -= count
            for index in order[first : first + count]:
                splits[split] += rows_of[distinct[index]]
            first += count
        for index in order[first:]:
            splits["train"] += rows_of[distinct[index]]
    return {split: sorted(rows) for split, rows in splits.items()}
