"""The derivatives of activation functions from their values."""

from __future__ import annotations

import torch

# bound to one overload each: looking an overload up takes longer than a small operation
sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
"""Writes d ⊙ y(1 - y), from d and y = σ(x), to ``grad_input``."""
tanh_backward = torch.ops.aten.tanh_backward.grad_input
"""Writes d ⊙ (1 - y²), from d and y = tanh(x), to ``grad_input``."""
threshold_backward = torch.ops.aten.threshold_backward.grad_input
"""Writes d where y = relu(x) exceeds a threshold, else 0, to ``grad_input``."""
