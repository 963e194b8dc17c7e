"""Cases that a kernel is asked about."""

from __future__ import annotations

from typing import Any

import torch

from zoo_core.runtime.nn import AbstractCell, ScanCase


def scan_case(cell: AbstractCell[Any], rows: int, steps: int) -> ScanCase:
    """Returns the training of a cell on features of whole rows, in float32."""
    return ScanCase(
        cell=cell,
        batch_size=rows,
        steps=steps,
        symbols=0,
        padded=False,
        dtype=torch.float32,
        input_dtype=torch.float32,
        device="cpu",
        needs_grad=True,
        autocast=False,
    )
