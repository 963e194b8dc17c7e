"""The products that the sweeps share."""

from __future__ import annotations

from torch import Tensor

from zoo_core.runtime.kernels.walk import Walk


def transposed(weight: Tensor, walk: Walk) -> Tensor:
    """Wᵀ, (H, G); laid out anew where many steps repay it, for small batches read it faster."""
    return weight.t().contiguous() if walk.steps > 1 else weight.t()


def across(d: Tensor, states: Tensor) -> Tensor:
    """The gradient (G, H) of a weight from (T, B, G) and what it met, (T, B, H): one product."""
    return d.flatten(0, 1).t() @ states.flatten(0, 1)
