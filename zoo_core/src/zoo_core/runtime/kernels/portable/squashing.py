"""What gates are squashed by, and its derivatives from its values."""

from __future__ import annotations

import torch
from torch import Tensor

MANY = 1 << 12
"""Numbers from which a fast function repays three more calls."""

# one overload each, for looking one up takes longer than a small operation
sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
"""d ⊙ y(1 - y), from d and y = σ(x), into ``grad_input``."""
tanh_backward = torch.ops.aten.tanh_backward.grad_input
"""d ⊙ (1 - y²), from d and y = tanh(x), into ``grad_input``."""
threshold_backward = torch.ops.aten.threshold_backward.grad_input
"""d where y = relu(x) is over a threshold, else 0; from d, y and it, into ``grad_input``."""


def tanh(x: Tensor, out: Tensor) -> Tensor:
    """The hyperbolic tangent, of many numbers as 2σ(2x) - 1.

    That is as exact but near 0, where its error stays that of numbers near 1; and torch's σ takes
    a third of its tanh's time. In half precision that error would leave little near 0.
    """
    if x.numel() < MANY or x.dtype.itemsize < 4:
        return torch.tanh(x, out=out)
    torch.add(x, x, out=out).sigmoid_()
    return out.add_(out).sub_(1)
