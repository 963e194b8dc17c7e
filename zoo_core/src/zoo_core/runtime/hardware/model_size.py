"""The size of a model, measured before memory is allocated for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from zoo_core.errors import DeviceError
from zoo_core.storage.capacity import format_bytes, free_memory

INITIALIZERS = {
    *(getattr(Tensor, name) for name in ("normal_", "uniform_", "random_")),
    *(getattr(nn.init, name) for name in ("normal_", "uniform_", "kaiming_uniform_")),
}
"""Operations that draw initial weights, and those of ``nn.init`` that hide them from a mode."""


def ensure_fits_memory(build: Callable[[], nn.Module], name: str, memory_factor: int = 1) -> None:
    """Raises an error if a model is larger than the free memory.

    Args:
        build: Builds the model; called on torch's meta device, where tensors take no memory.
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


class _SkipInitialization(TorchFunctionMode):
    """Skips the drawing of weights.

    On the meta device it has no effect, but some of these operations would import half of torch's
    compiler.
    """

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        keywords = kwargs or {}
        if func in INITIALIZERS:
            return args[0] if args else keywords["tensor"]
        return func(*args, **keywords)


def _measure_model(build: Callable[[], nn.Module]) -> tuple[int, float]:
    """Returns the number of parameters of a model and the bytes of all its tensors.

    Both are 0 for a model that cannot be built on the meta device; such a model is not checked.
    The bytes are infinite if they exceed 64 bits.
    """
    try:
        with torch.device("meta"), _SkipInitialization():
            model = build()
    except (RuntimeError, TypeError) as error:
        return 0, math.inf if "overflow" in str(error).lower() else 0.0
    count = sum(parameter.numel() for parameter in model.parameters())
    tensors = (*model.parameters(), *model.buffers())
    return count, float(sum(tensor.nbytes for tensor in tensors))
