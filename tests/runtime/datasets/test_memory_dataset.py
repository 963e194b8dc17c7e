"""Data from Python as a dataset: texts in pieces, typed inputs, counts of classes."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
import torch

from zoo_core.errors import DataError
from zoo_core.runtime.datasets.class_counts import count_classes
from zoo_core.runtime.datasets.memory import MemoryDataset
from zoo_core.runtime.datasets.python_data import Data, memory_rows
from zoo_core.runtime.nn import IGNORED


def _of(data: Data, **settings: object) -> MemoryDataset:
    config = SimpleNamespace(validation=0.0, test=0.0, steps=3, sample=False)
    vars(config).update(settings)
    dataset = MemoryDataset(config, None)
    dataset.hold(memory_rows(data))
    return dataset


def test_a_long_text_is_cut_into_rows_whose_targets_are_the_next_symbols() -> None:
    dataset = _of(["abcdefgh"])
    rows = dataset.rows("train")
    decode = dataset.signature.vocabulary
    assert decode is not None
    pairs = zip(rows.inputs, rows.targets, strict=True)
    assert [(decode.decode(one.tolist()), decode.decode(two.tolist())) for one, two in pairs] == [
        ("abc", "bcd"),
        ("def", "efg"),
        ("g", "h"),
    ]


def test_rows_with_labels_are_whole() -> None:
    rows = _of([("abcdefgh", "x"), ("ba", "y")]).rows("train")
    assert [len(row) for row in rows.inputs] == [8, 2]


@pytest.mark.parametrize(
    ("split", "data", "message"),
    [
        (
            "train",
            (torch.ones(1, 2, 1), torch.ones(1)),
            "the number of all rows is 1; give more rows, or",
        ),
        ("validation", ["abc"] * 3, "the number of all rows is 3; hold out more"),
    ],
    ids=["one row", "equal texts"],
)
def test_a_split_without_rows_says_which_setting_mends_it(
    split: str, data: Data, message: str
) -> None:
    dataset = _of(data, validation=0.1)
    with pytest.raises(DataError, match=f"^split {split} is empty, {message}") as caught:
        dataset.rows(split)
    assert str(caught.value).endswith(': settings={"dataset": {"validation": 0.0}}')


@pytest.mark.parametrize("text", ["-1 2", "3", "0 1 2 3"])
def test_typed_tokens_are_those_of_the_data(text: str) -> None:
    dataset = _of((torch.tensor([[0, 1], [2, 1]]), torch.tensor([0, 1])))
    assert dataset.encode("2 0").inputs.tolist() == [[2, 0]]
    with pytest.raises(DataError, match="expected tokens from 0 to 2"):
        dataset.encode(text)


def test_classes_are_counted_where_they_count_and_every_batch_once() -> None:
    labels = torch.tensor([[0, 2, IGNORED], [2, 2, 0], [IGNORED, IGNORED, 1]])
    dataset = _of((torch.ones(3, 3, dtype=torch.long), labels))
    for size in (1, 2, 3):
        assert count_classes(dataset, 4, size) == (2, 1, 3, 0)
