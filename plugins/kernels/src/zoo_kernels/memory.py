"""Memory that the compiled library works in."""

from __future__ import annotations

import torch
from torch import Tensor


def memory(size: int) -> Tensor:
    """Returns so many bytes, (size,), aligned to 64 as torch aligns, whatever they hold.

    They are the CPU's whatever torch's default device is: the library would write anywhere.
    """
    return torch.empty(size, dtype=torch.uint8, device="cpu")
