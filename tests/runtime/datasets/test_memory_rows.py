"""Rows of data from Python: the signature and the tensors that they become."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from zoo_core import Classes, Features, Tokens, Values
from zoo_core.errors import DataError
from zoo_core.runtime.datasets.python_data import memory_rows


def test_texts_are_learned_symbol_by_symbol() -> None:
    rows = memory_rows(["abc", "b", "ca"])
    signature = rows.signature()
    assert (signature.inputs, signature.outputs) == (Tokens(3), Classes(3, "step", True))
    inputs, targets = rows.encoded(signature)
    assert [row.tolist() for row in inputs] == [[0, 1], [2]]
    assert [row.tolist() for row in targets] == [[1, 2], [0]]


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


def test_tokens_have_the_size_of_the_largest() -> None:
    rows = memory_rows((torch.tensor([[0, 4], [1, 2]]), torch.tensor([0, 1])))
    assert rows.signature().inputs == Tokens(5)
    assert rows.signature().vocabulary is None


FEATURES = np.ones((2, 3, 3))  # as many as there are tokens
TOKENS = np.array([[0, 1, 2], [2, 1, 0]])
KINDS: dict[str, Any] = {
    "next symbols": ["abc", "cba"],
    "texts, labels": (["abc", "cba"], ["x", "y"]),
    "texts, classes": (["abc", "cba"], [0, 1]),
    "texts, classes per step": (["abc", "cba"], [[0, 1, 0], [1, 1, 0]]),
    "tokens, labels": (TOKENS, ["x", "y"]),
    "tokens, classes": (TOKENS, [0, 1]),
    "features, labels": (FEATURES, ["x", "y"]),
    "features, classes": (FEATURES, [0, 1]),
    "features, classes per step": (FEATURES, np.array([[0, 1, 0], [1, 1, 0]])),
    "features, a value": (FEATURES, [0.5, 1.5]),
    "features, two values": (FEATURES, np.ones((2, 2))),
    "features, a value per step": (FEATURES, np.ones((2, 3, 1))),
}


@pytest.mark.parametrize("kind", KINDS)
def test_rows_fit_a_model_of_their_kind_alone(kind: str) -> None:
    signature = memory_rows(KINDS[kind]).signature()
    assert [name for name, data in KINDS.items() if memory_rows(data).fits(signature)] == [kind]


@pytest.mark.parametrize(
    ("data", "fits"),
    [
        ((TOKENS.clip(max=1), [0, 1]), True),
        ((TOKENS + 1, [0, 1]), False),
        ((TOKENS, [0, 0]), True),
        ((TOKENS, [0, 2]), False),
    ],
    ids=["fewer tokens", "more tokens", "fewer classes", "more classes"],
)
def test_rows_fit_a_model_of_as_many_tokens_and_classes_or_more(data: Any, fits: bool) -> None:
    assert memory_rows(data).fits(memory_rows(KINDS["tokens, classes"]).signature()) is fits


@pytest.mark.parametrize("size", [2, 4])
def test_rows_of_other_features_do_not_fit(size: int) -> None:
    signature = memory_rows(KINDS["features, classes"]).signature()
    assert not memory_rows((np.ones((2, 3, size)), [0, 1])).fits(signature)


def test_a_label_that_a_model_does_not_know_is_named() -> None:
    signature = memory_rows(KINDS["features, labels"]).signature()
    with pytest.raises(DataError, match="does not know: 'z'; it knows x, y"):
        memory_rows((FEATURES, ["x", "z"])).encoded(signature)


def test_one_value_of_a_row_is_a_row_of_values() -> None:
    rows = memory_rows(KINDS["features, a value"])
    _, targets = rows.encoded(rows.signature())
    assert [target.tolist() for target in targets] == [[0.5], [1.5]]


def test_the_fingerprint_is_that_of_the_content() -> None:
    assert memory_rows(["ab"]).fingerprint == memory_rows(["ab"]).fingerprint
    assert memory_rows(["ab", "c"]).fingerprint != memory_rows(["abc"]).fingerprint
