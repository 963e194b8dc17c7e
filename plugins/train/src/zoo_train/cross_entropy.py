"""Cross entropy in nats."""

from __future__ import annotations

from torch import Tensor
from torch.nn.functional import cross_entropy

from zoo_core.runtime.nn import IGNORED, Batch, Output


def mean_cross_entropy(output: Output, batch: Batch) -> Tensor:
    """Returns the mean over the targets that are not ignored, a scalar.

    Args:
        output: Logits (B, T, classes) or (B, classes).
        batch: Targets (B, T) or (B,).
    """
    assert batch.targets is not None, "training and evaluation need targets"
    logits = output.logits.flatten(0, -2)
    return cross_entropy(logits, batch.targets.flatten(), ignore_index=IGNORED)
