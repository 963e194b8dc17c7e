"""How large a model would be, told before anything is allocated for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from zoo_core.errors import DeviceError
from zoo_core.storage.capacity import free_memory, in_bytes

DRAWS = frozenset(getattr(Tensor, name) for name in ("normal_", "uniform_", "random_"))
"""What starts weights."""


def ensure_fits_memory(build: Callable[[], nn.Module], name: str, copies: int = 1) -> None:
    """Says so if a model is larger than the memory that is free.

    Args:
        build: Makes the model; called on torch's meta device, where tensors have no memory.
        name: What the error calls it.
        copies: How often its weights are held: once to use it; to train it, their gradients and
            what the optimizer keeps of each come to them.

    Raises:
        DeviceError: It is, with both figures.
    """
    parameters, size = _measure(build)
    needed, free = size * copies, free_memory()
    if needed <= free:
        return
    purpose = " to train" if copies > 1 else ""
    total = "a tensor of more bytes than 2^63"
    if math.isfinite(size):
        total = f"{parameters:,} parameters, which take {in_bytes(needed)} of memory{purpose}"
    raise DeviceError(
        f"{name} would have {total}; {in_bytes(free)} are free here: choose smaller sizes"
    )


class _Undrawn(TorchFunctionMode):
    """Starts no weights: on the meta device some draws would import half of torch's compiler."""

    def __torch_function__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: Any = None
    ) -> Any:
        return args[0] if func in DRAWS else func(*args, **(kwargs or {}))


def _measure(build: Callable[[], nn.Module]) -> tuple[int, float]:
    """A model's parameters, and the bytes of all its tensors.

    Zero of one that cannot be made without memory: it is known when it is made.
    """
    try:
        with torch.device("meta"), _Undrawn():
            model = build()
    except (RuntimeError, TypeError) as error:
        return 0, math.inf if "overflow" in str(error).lower() else 0.0  # beyond 64 bits
    count = sum(each.numel() for each in model.parameters())
    return count, float(sum(each.nbytes for each in (*model.parameters(), *model.buffers())))
