"""Modes of torch that decide by which kernel, and in which precision, a layer runs."""

from __future__ import annotations

import torch
from torch.autograd import forward_ad


def is_transformed() -> bool:
    """Returns whether torch transforms what runs now, other than by its plain autograd.

    It does inside ``torch.func``, with forward mode derivatives, and while it exports or traces.
    ``torch.compile`` does not count: it leaves what it cannot translate as it is.
    """
    if torch.compiler.is_compiling():
        return bool(torch.compiler.is_exporting())
    if torch._C._is_tracing() or forward_ad._current_level >= 0:
        return True
    return torch._C._functorch.peek_interpreter_stack() is not None


def autocasts(device: str) -> bool:
    """Returns whether autocast is on for a type of device.

    There is none for ``meta``, for which torch's own question raises an error.
    """
    return device != "meta" and torch.is_autocast_enabled(device)
