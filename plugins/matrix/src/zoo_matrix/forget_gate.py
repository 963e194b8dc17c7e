"""The forget gate of xLSTM, a logistic function or an exponential one."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn.functional import logsigmoid

SUMS = (3.0, 6.0)
"""The sums, from the first to the last, whose logistic functions are the gates at the start."""


def log_forget(sums: Tensor, is_exponential: bool) -> Tensor:
    """Returns log f of the gate's sums (...)."""
    return sums if is_exponential else logsigmoid(sums)


def forget_biases(count: int, is_exponential: bool) -> Tensor:
    """Returns biases (count,) with which gates start nearly open, the same for either function."""
    sums = torch.linspace(*SUMS, count)
    return logsigmoid(sums) if is_exponential else sums
