"""The splits that measure a model."""

from __future__ import annotations

import pytest

from zoo_core.data.splits import PUBLICATION_ORDER, held_out_splits, main_split


@pytest.mark.parametrize(
    ("splits", "held_out"),
    [
        (["train", "validation", "test"], ["validation", "test"]),
        (["train", "test"], ["test"]),
        (["train"], ["train"]),
    ],
)
def test_without_a_held_out_split_train_is_evaluated(
    splits: list[str], held_out: list[str]
) -> None:
    assert held_out_splits(splits) == held_out


def test_validation_measures_a_run_and_test_what_is_published() -> None:
    splits = ["train", "test", "validation"]
    assert main_split(splits) == "validation"
    assert main_split(splits, PUBLICATION_ORDER) == "test"
    assert main_split(["train", "test"]) == "test"
    assert main_split(["train"]) == "train"
    assert main_split([]) == ""
