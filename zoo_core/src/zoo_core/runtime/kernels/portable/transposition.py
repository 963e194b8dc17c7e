"""Laying out the recurrent weight for the steps."""

from __future__ import annotations

from torch import Tensor

from zoo_core.runtime.kernels.walk import Walk


def transposed(weight: Tensor, walk: Walk) -> Tensor:
    """Wᵀ, (H, G); laid out anew where many steps repay it, for small batches read it faster."""
    return weight.t().contiguous() if walk.steps > 1 else weight.t()
