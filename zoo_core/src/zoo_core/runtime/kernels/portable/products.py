"""Products with the recurrent weight."""

from __future__ import annotations

from torch import Tensor

from zoo_core.runtime.kernels.schedule import TimeSchedule


def transposed_weight(weight: Tensor, schedule: TimeSchedule) -> Tensor:
    """Wᵀ, (H, G).

    With several steps the copy is worth its time: small batches read a contiguous Wᵀ faster.
    """
    return weight.t().contiguous() if schedule.steps > 1 else weight.t()


def add_product(out: Tensor, states: Tensor, weight: Tensor) -> Tensor:
    """Adds states (B, H) times a weight (H, G) to ``out`` in place, in the weight's precision."""
    if weight.dtype == out.dtype:
        return out.addmm_(states, weight)
    return out.add_(states.to(weight.dtype) @ weight)
