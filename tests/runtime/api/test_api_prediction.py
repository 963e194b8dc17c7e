"""``zoo_core.predict`` and ``probabilities``."""

from __future__ import annotations

import pytest
import torch

import zoo_core
from zoo_core import Unknown
from zoo_core.errors import DataError
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint


def test_unknown_symbols_are_refused_or_handled_by_the_policy(hello_checkpoint: Checkpoint) -> None:
    with pytest.raises(DataError, match=r"lacks: 'x' \(2×\)"):
        zoo_core.predict(hello_checkpoint, "xhex")
    assert len(zoo_core.predict(hello_checkpoint, "xhex", unknown=Unknown("skip"))) == 2


def test_several_inputs_have_several_predictions(hello_checkpoint: Checkpoint) -> None:
    assert zoo_core.predict(hello_checkpoint, ["hello", "hell"]) == [
        "ohlol",
        zoo_core.predict(hello_checkpoint, "hell"),
    ]


def test_probabilities_have_one_row_per_step_and_sum_to_one(hello_checkpoint: Checkpoint) -> None:
    rows = zoo_core.probabilities(hello_checkpoint, "hello")
    vocabulary = hello_checkpoint.signature.vocabulary
    assert vocabulary is not None
    assert rows.shape == (5, len(vocabulary))
    assert torch.allclose(rows.sum(-1), torch.ones(5))
    assert vocabulary.decode(rows.argmax(-1).tolist()) == "ohlol"
    assert not rows.requires_grad
