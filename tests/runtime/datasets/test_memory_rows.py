"""Rows of data from Python: the signature and the tensors that they become."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from zoo_core import Classes, Features, Tokens, Values
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


INPUTS = {"texts": ["ab", "cd"], "features": np.ones((2, 3, 2)), "tokens": np.ones((2, 3), int)}


@pytest.mark.parametrize("kind", INPUTS)
def test_rows_fit_a_model_of_their_kind_alone(kind: str) -> None:
    rows = {name: memory_rows((inputs, ["x", "y"])) for name, inputs in INPUTS.items()}
    signature = rows[kind].signature()
    assert [name for name, other in rows.items() if other.fits(signature)] == [kind]


def test_the_fingerprint_is_that_of_the_content() -> None:
    assert memory_rows(["ab"]).fingerprint == memory_rows(["ab"]).fingerprint
    assert memory_rows(["ab", "c"]).fingerprint != memory_rows(["abc"]).fingerprint
