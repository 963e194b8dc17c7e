"""A model that writes a text of its own before it has learnt anything."""

from __future__ import annotations

from collections.abc import Callable

import torch
from zoo_core.runtime.model import AbstractRecurrentModel


def willed(make: Callable[[], AbstractRecurrentModel]) -> AbstractRecurrentModel:
    """In float64, so that no rounding decides; with weights large enough to have a will."""
    torch.manual_seed(0)
    model = make().double().eval()
    for parameter in model.output.parameters():
        parameter.data *= 4
    return model
