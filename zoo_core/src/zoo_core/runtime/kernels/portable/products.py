"""The products with the recurrent weight."""

from __future__ import annotations

from torch import Tensor

from zoo_core.runtime.kernels.schedule import Walk


def transposed(weight: Tensor, walk: Walk) -> Tensor:
    """Wᵀ, (H, G); laid out anew where many steps repay it, for small batches read it faster."""
    return weight.t().contiguous() if walk.steps > 1 else weight.t()


def add_product(into: Tensor, states: Tensor, weight: Tensor) -> Tensor:
    """Adds states (B, H) times a weight (H, G) in place, in the precision of the weight."""
    if weight.dtype == into.dtype:
        return into.addmm_(states, weight)
    return into.add_(states.to(weight.dtype) @ weight)
