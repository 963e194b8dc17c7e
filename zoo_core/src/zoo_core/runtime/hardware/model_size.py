"""The size of a model, measured before memory is allocated for it."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from zoo_core.errors import DeviceError
from zoo_core.storage.capacity import format_bytes, free_memory

DRAWS = ("normal_", "uniform_", "random_", "bernoulli_", "exponential_", "cauchy_", "log_normal_")
INITIALIZERS = {
    *(getattr(Tensor, name) for name in DRAWS),
    *(getattr(nn.init, name) for name in dir(nn.init) if name[-1] == "_" and name[0] != "_"),
}
"""Operations that draw or set initial weights."""
FACTORIES = {torch.empty, torch.zeros, torch.ones, torch.full, torch.rand, torch.randn}
"""Functions that allocate a tensor of a size that is their first argument or arguments."""
MAX_REAL_NUMBERS = 1 << 16
"""Numbers of the largest tensor that takes memory while a model is measured."""


def ensure_fits_memory(build: Callable[[], nn.Module], name: str, memory_factor: int = 1) -> None:
    """Raises an error if a model is larger than the free memory.

    Args:
        build: Builds the model. Here its large tensors take no memory, and its weights no values.
        name: Name of the model in the error.
        memory_factor: How many times the size of the weights is needed: 1 to use the model, more
            to train it, for the gradients and the state of the optimizer.

    Raises:
        DeviceError: The model does not fit, with the needed and the free bytes.
    """
    parameters, size = _measure_model(build)
    needed, free = size * memory_factor, free_memory()
    if needed <= free:
        return
    total = "a tensor of more bytes than 2^63"
    if math.isfinite(size):
        purpose = " to train" if memory_factor > 1 else ""
        total = f"{parameters:,} parameters, which take {format_bytes(needed)} of memory{purpose}"
    raise DeviceError(
        f"{name} would have {total}; {format_bytes(free)} are free here: choose smaller sizes"
    )


class _Measuring(TorchFunctionMode):
    """Skips the drawing of weights, and allocates large tensors on the meta device.

    Most operations on the meta device import torch's compiler and sympy, which take longer than the
    rest of a command. So the small tensors, with which models compute initial values, are real.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        keywords = dict(kwargs or {})
        if func in INITIALIZERS:
            return args[0] if args else keywords["tensor"]
        if func in FACTORIES and _count_numbers(args, keywords) > MAX_REAL_NUMBERS:
            keywords["device"] = "meta"
        return func(*args, **keywords)


def _count_numbers(args: tuple[Any, ...], keywords: dict[str, Any]) -> int:
    """Returns the numbers of the tensor that a call of a factory makes; a size is a sequence."""
    size = keywords.get("size", args[0] if args else ())
    sizes = size if isinstance(size, Sequence) else args
    return math.prod(size for size in sizes if isinstance(size, int))


def _measure_model(build: Callable[[], nn.Module]) -> tuple[int, float]:
    """Returns the number of parameters of a model and the bytes of all its tensors.

    Both are 0 for a model that cannot be built without memory; such a model is not checked.
    The bytes are infinite if they exceed 64 bits.
    """
    try:
        model = _build_without_memory(build)
    except (RuntimeError, TypeError) as error:
        return 0, math.inf if "overflow" in str(error).lower() else 0.0
    count = sum(parameter.numel() for parameter in model.parameters())
    tensors = (*model.parameters(), *model.buffers())
    return count, float(sum(tensor.nbytes for tensor in tensors))


def _build_without_memory(build: Callable[[], nn.Module]) -> nn.Module:
    """Builds a model whose large tensors are on the meta device."""
    try:
        with torch.random.fork_rng([]), _Measuring():
            return build()
    except (RuntimeError, TypeError):  # it computes with a small and a large tensor at once
        with torch.device("meta"), _Measuring():
            return build()
