"""The kernel of linear recurrences in plain torch."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor

from zoo_core.runtime.kernels.scans import AbstractScanKernel
from zoo_core.runtime.nn import AbstractScannedCell, ScanCase, valid_steps
from zoo_linear.scan import linear_scan

MAX_NUMBERS = 1 << 14
"""Numbers of a step, B · N, above which the loop over time is faster: the tensors of all steps
leave the cache then."""


@final
class LinearScanKernel(AbstractScanKernel):
    """Runs all steps in about 2√T operations in the place of T, by ``linear_scan``."""

    name = "linear-scan"
    details = "plain torch, chunks of √T steps side by side"

    def __init__(self) -> None:
        super().__init__(_masked_scan)

    def pays(self, case: ScanCase) -> bool:
        """See AbstractKernel: neither for few steps nor for wide states of many rows."""
        if not super().pays(case) or not isinstance(case.cell, AbstractScannedCell):
            return False
        return case.batch_size * case.cell.scan_width <= MAX_NUMBERS


def _masked_scan(
    decay: Tensor,
    added: Tensor,
    initial: Tensor,
    *,
    starts: Tensor | None = None,
    lengths: Tensor | None = None,
) -> Tensor:
    """Computes ``linear_scan`` with resets and padding; see LinearScan."""
    decay = decay.expand_as(added)
    if lengths is not None:
        valid = valid_steps(lengths, added.shape[1], added.device).unsqueeze(2)
        # a step of padding leaves the state as it is
        decay, added = torch.where(valid, decay, 1), torch.where(valid, added, 0)
    return linear_scan(decay, added, initial, starts)
