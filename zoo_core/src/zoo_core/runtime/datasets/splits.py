"""Training, validation and test splits of ordered data."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from zoo_core.errors import DataError


class SplitFractions(Protocol):
    """Fractions of the data that are held out, each from 0 to 1."""

    @property
    def validation(self) -> float:
        """Fraction of the validation split."""

    @property
    def test(self) -> float:
        """Fraction of the test split."""


def check_split_fractions(fractions: SplitFractions, name: str) -> None:
    """Raises an error if the held-out fractions leave nothing to train on.

    Args:
        fractions: Fractions of the validation and test splits.
        name: Name of the dataset in the error.

    Raises:
        DataError: The fractions add up to 1 or more.
    """
    if fractions.validation + fractions.test >= 1:
        together = f"{fractions.validation:g} + {fractions.test:g}"
        raise DataError(f"{name}: validation + test = {together} leaves nothing to train on")


def split_names(fractions: SplitFractions) -> tuple[str, ...]:
    """Returns ``train`` and the splits whose fraction is not zero."""
    held_out = {"validation": fractions.validation, "test": fractions.test}
    return ("train", *(split for split, fraction in held_out.items() if fraction))


def check_split(split: str, splits: Sequence[str], name: str) -> None:
    """Raises DataError if a dataset of some name has no such split."""
    if split not in splits:
        raise DataError(f"{name} has no split {split!r}; it has {', '.join(splits)}")


def split_slice(total: int, fractions: SplitFractions, split: str, name: str) -> slice:
    """Returns the rows of a split: train, validation and test follow one another.

    Args:
        total: Number of rows in all splits.
        fractions: Fractions of the validation and test splits.
        split: Name of the split.
        name: Name of the dataset in the error.

    Raises:
        DataError: There is no such split.
    """
    check_split(split, split_names(fractions), name)
    validation = _rounded_down(total, 1 - fractions.test - fractions.validation)
    test = _rounded_down(total, 1 - fractions.test)
    return {
        "train": slice(0, validation),
        "validation": slice(validation, test),
        "test": slice(test, total),
    }[split]


def check_split_not_empty(rows: int, split: str, name: str) -> None:
    """Raises an error if a split has no rows.

    Raises:
        DataError: The split is empty.
    """
    if not rows:
        raise DataError(
            f"{name}: split {split} is empty; choose another --dataset.validation or --dataset.test"
        )


def _rounded_down(total: int, fraction: float) -> int:
    """Returns a fraction of a total, rounded down.

    The small addend makes up for binary fractions: 10 * (1 - 0.1) is 9, not 8.999.
    """
    return int(total * fraction + 1e-6)
