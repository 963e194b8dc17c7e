"""Which part of something is trained on, validated on, tested on."""

from __future__ import annotations

from typing import Protocol

from zoo_core.errors import DataError


class Shares(Protocol):
    """The shares that are held out."""

    @property
    def validation(self) -> float:
        """Of the validation split."""

    @property
    def test(self) -> float:
        """Of the test split."""


def check_fractions(shares: Shares, name: str) -> None:
    """Says so if nothing is left to train on.

    Raises:
        DataError: The shares add up to 1 or more.
    """
    if shares.validation + shares.test >= 1:
        together = f"{shares.validation:g} + {shares.test:g}"
        raise DataError(f"{name}: validation + test = {together} leaves nothing to train on")


def splits_of(shares: Shares) -> tuple[str, ...]:
    """``train``, and those whose share is not zero."""
    held_out = {"validation": shares.validation, "test": shares.test}
    return ("train", *(split for split, share in held_out.items() if share))


def part(total: int, shares: Shares, split: str, name: str) -> slice:
    """The split's part of so many, with train, validation and test one after the other.

    Raises:
        DataError: There is no such split.
    """
    splits = splits_of(shares)
    if split not in splits:
        raise DataError(f"{name} has no split {split!r}; it has {', '.join(splits)}")
    test = _below(total, 1 - shares.test)
    validation = _below(total, 1 - shares.test - shares.validation)
    return {
        "train": slice(0, validation),
        "validation": slice(validation, test),
        "test": slice(test, total),
    }[split]


def batches_of(rows: int, size: int, split: str, name: str) -> int:
    """How many batches the rows of a split make, the last of them perhaps smaller.

    Raises:
        DataError: The split has no rows.
    """
    if not rows:
        raise DataError(
            f"{name}: split {split} is empty; choose another --dataset.validation or --dataset.test"
        )
    return -(-rows // size)


def _below(total: int, share: float) -> int:
    """A share of so many, rounded down; what binary fractions lack of it is forgiven."""
    return int(total * share + 1e-6)
