"""Data from Python: what it may be, and the tensors and the signature that it becomes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from zoo_core import Classes, Features, Tokens, Values
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.memory_rows import memory_rows


class Frame:
    """Columns by name, as a DataFrame has them."""

    def __init__(self, **columns: list[Any]) -> None:
        self.columns = list(columns)
        self._columns = columns

    def __getitem__(self, name: str) -> list[Any]:
        return self._columns[name]


class Pairs:
    """A map-style dataset of features of different lengths and their classes."""

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> tuple[torch.Tensor, int]:
        return torch.full((index + 1, 2), float(index)), index % 3


def test_texts_are_learned_symbol_by_symbol() -> None:
    rows = memory_rows(["abc", "b", "ca"])
    signature = rows.signature()
    assert (signature.inputs, signature.outputs) == (Tokens(3), Classes(3, "step", True))
    inputs, targets = rows.encoded(signature)
    assert [row.tolist() for row in inputs] == [[0, 1], [2]]
    assert [row.tolist() for row in targets] == [[1, 2], [0]]


@pytest.mark.parametrize(
    ("data", "columns"),
    [
        ([("no", "x"), ("on", "y")], {}),
        ((["no", "on"], ["x", "y"]), {}),
        (Frame(id=[1, 2], body=["no", "on"], kind=["x", "y"]), {"text": "body", "label": "kind"}),
    ],
    ids=["pairs", "two lists", "frame"],
)
def test_texts_with_labels_are_classified(data: Any, columns: dict[str, str]) -> None:
    rows = memory_rows(
        data, text_column=columns.get("text", ""), label_column=columns.get("label", "")
    )
    signature = rows.signature()
    assert signature.outputs == Classes(2, per="sequence", names=("x", "y"))
    inputs, targets = rows.encoded(signature)
    assert [row.tolist() for row in inputs] == [[0, 1], [1, 0]]
    assert [int(target) for target in targets] == [0, 1]


@pytest.mark.parametrize(
    ("targets", "outputs"),
    [
        (np.array([0, 2, 1]), Classes(3)),
        (np.zeros((3, 5), dtype=np.int64), Classes(2, per="step")),
        (np.zeros(3), Values(1)),
        (torch.zeros(3, 4), Values(4)),
        (torch.zeros(3, 5, 2), Values(2, per="step")),
        (["a", "b", "a"], Classes(2, names=("a", "b"))),
    ],
    ids=["classes", "classes per step", "a value", "values", "values per step", "labels"],
)
def test_arrays_have_the_outputs_of_their_targets(targets: Any, outputs: object) -> None:
    rows = memory_rows((np.ones((3, 5, 2), dtype=np.float64), targets))
    signature = rows.signature()
    assert (signature.inputs, signature.outputs) == (Features(2), outputs)
    inputs, encoded = rows.encoded(signature)
    assert {row.dtype for row in inputs} == {torch.float32}
    assert len(encoded) == 3


def test_a_torch_dataset_may_have_rows_of_different_lengths() -> None:
    rows = memory_rows(Pairs())
    assert rows.signature().outputs == Classes(3)
    assert [len(row) for row in rows.inputs] == [1, 2, 3, 4]


def test_tokens_have_the_size_of_the_largest() -> None:
    rows = memory_rows((torch.tensor([[0, 4], [1, 2]]), torch.tensor([0, 1])))
    assert rows.signature().inputs == Tokens(5)
    assert rows.signature().vocabulary is None


def test_the_fingerprint_is_that_of_the_content() -> None:
    assert memory_rows(["ab"]).fingerprint == memory_rows(["ab"]).fingerprint
    assert memory_rows(["ab", "c"]).fingerprint != memory_rows(["abc"]).fingerprint


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([], "no data: expected a list of texts"),
        (["a"], "no row, or no text of two symbols"),
        ([1, 2], "data with an item '1': expected"),
        (7, "data of the type int: expected"),
        ({"a": 1}, "data of the type dict: expected"),
        ([("ab", "x"), ("ab", 1)], "targets of different kinds"),
        ([("ab", "x"), ("cd", "x")], "all rows have the label 'x'"),
        (
            [("ab", "x"), (torch.ones(2, 2), "y")],
            "inputs of different kinds: features of 2 and text",
        ),
        ([("ab", object()), ("cd", 1)], "is no text, number or array"),
        ((np.ones((2, 3, 4)), [1]), "2 inputs and 1 targets: expected as many"),
        ((np.ones((2, 3)), [0, 1]), r"a row of shape \(3,\): expected features \(T, F\)"),
        ((np.full((2, 3, 1), np.nan), [0, 1]), "an input is infinite or not a number"),
        (Frame(body=["a"]), "text_column = '': the data has no such column; it has body"),
    ],
)
def test_other_data_is_refused(data: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        memory_rows(data).signature()
    frame = Frame(body=["a", float("nan")])
    with pytest.raises(DataError, match="row 1 of the data has no text in the column 'body'"):
        memory_rows(frame, text_column="body")
