"""Modes of torch that decide by which kernel, and in which precision, a layer runs."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.autograd import forward_ad

TRACING = tuple(torch._C._TorchDispatchModeKey.__members__.values())
"""The modes in which torch traces: with tensors without memory, or to a program."""

is_exporting = getattr(torch.compiler, "is_exporting", lambda: False)  # torch 2.6 does not tell


def is_transformed(*tensors: Tensor) -> bool:
    """Returns whether torch transforms what runs now, other than by its plain autograd.

    It does inside ``torch.func``, with forward mode derivatives, while it exports or traces, and
    for tensors without memory, or of a class that sees every operation. ``torch.compile`` does not
    count: it leaves what it cannot translate as it is. Nor do modes that count operations, or
    compute some in their own way.

    Args:
        tensors: What the operations start from.
    """
    if torch.compiler.is_compiling():
        return bool(is_exporting())
    if torch._C._is_tracing() or forward_ad._current_level >= 0:
        return True
    if torch._C._len_torch_dispatch_stack() and any(map(torch._C._get_dispatch_mode, TRACING)):
        return True
    if any(map(_dispatches, tensors)):
        return True
    return torch._C._functorch.peek_interpreter_stack() is not None


def _dispatches(tensor: Tensor) -> bool:
    return type(tensor).__torch_dispatch__ is not Tensor.__torch_dispatch__


def autocasts(device: str) -> bool:
    """Returns whether autocast is on for a type of device.

    There is none for ``meta``, for which torch's own question raises an error.
    """
    return device != "meta" and torch.is_autocast_enabled(device)
