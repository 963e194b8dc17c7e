"""The cross entropy of the trainers on classes, without a kernel of its own."""

from __future__ import annotations

import torch
from torch.nn.functional import cross_entropy

from zoo_core.runtime.nn import IGNORED
from zoo_core.runtime.training.class_loss import CrossEntropy

LOGITS = torch.randn(2, 4, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
TARGETS = torch.tensor([[0, 1, 2, 2], [0, IGNORED, 1, IGNORED]])


def test_it_is_torchs_loss_with_weights_and_label_smoothing() -> None:
    weights = (0.5, 1.0, 3.0)
    result = CrossEntropy(0.1, weights)(LOGITS, TARGETS)
    rows, flat = LOGITS.flatten(0, 1), TARGETS.flatten()
    tensor = torch.tensor(weights, dtype=torch.float64)
    assert torch.equal(result.loss, cross_entropy(rows, flat, weight=tensor, label_smoothing=0.1))
    assert result.plain is not None
    torch.testing.assert_close(result.plain, 6 * cross_entropy(rows, flat))
    assert result.weight == tensor[flat[flat != IGNORED]].sum()


def test_it_counts_targets_and_those_with_the_highest_logit() -> None:
    predicted = torch.tensor([[0, 2, 2, 1], [1, 0, 1, 2]])
    logits = torch.nn.functional.one_hot(predicted, 3).double()
    result = CrossEntropy()(logits, TARGETS)
    assert [int(result.correct), int(result.targets)] == [3, 6]
    assert result.weight is None
    assert result.plain is None
