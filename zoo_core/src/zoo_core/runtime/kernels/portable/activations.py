"""The hyperbolic tangent, and the derivatives of activation functions from their values."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

import numpy as np
import torch
from torch import Tensor

Tanh: TypeAlias = Callable[[Tensor, Tensor], object]
"""Writes tanh(x) of the first tensor to the second, which may be the same."""

MIN_NUMPY_SIZE = 1 << 10
"""The fewest elements with which NumPy's tanh is faster than torch's."""
MAX_NUMPY_THREADS = {"AVX512": 4, "AVX2": 2}
"""The most threads of torch with which it is, by torch's name of the instructions. NumPy's has one.
With 32 × 512 and 512 × 256 numbers in float32, on an AMD EPYC, it takes 8 and 58 us with AVX-512,
20 and 158 us with AVX2; torch's takes 42 and 342 us in one thread, with either."""

# bound to one overload each: looking an overload up takes longer than a small operation
sigmoid_backward = torch.ops.aten.sigmoid_backward.grad_input
"""Writes d ⊙ y(1 - y), from d and y = σ(x), to ``grad_input``."""
tanh_backward = torch.ops.aten.tanh_backward.grad_input
"""Writes d ⊙ (1 - y²), from d and y = tanh(x), to ``grad_input``."""
threshold_backward = torch.ops.aten.threshold_backward.grad_input
"""Writes d where y = relu(x) exceeds a threshold, else 0, to ``grad_input``."""


def tanh_of(like: Tensor) -> Tanh:
    """Returns the faster tanh, NumPy's or torch's, for tensors like the state of a step, (B, H).

    The relative error of both stays as small near 0.
    """
    return _numpy_tanh if _is_faster_in_numpy(like) else _torch_tanh


def _is_faster_in_numpy(like: Tensor) -> bool:
    if torch.compiler.is_compiling():
        return False
    most_threads = MAX_NUMPY_THREADS.get(torch.backends.cpu.get_cpu_capability(), 0)
    return (
        like.numel() >= MIN_NUMPY_SIZE
        and like.dtype in (torch.float32, torch.float64)
        and torch.get_num_threads() <= most_threads
    )


def _numpy_tanh(x: Tensor, out: Tensor) -> object:
    return np.tanh(x.numpy(), out=out.numpy())


def _torch_tanh(x: Tensor, out: Tensor) -> object:
    return torch.tanh(x, out=out)
