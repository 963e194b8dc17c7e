"""A model that writes a text of its own before it has learnt anything, and what it writes in."""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_lowercase

import torch

from zoo_core import Signature, Tokens, Vocabulary
from zoo_core.runtime.nn.model import RecurrentModel


def letters(count: int) -> Signature:
    """Text in the first letters of the alphabet."""
    return Signature(
        inputs=Tokens(count),
        classes=count,
        per="step",
        vocabulary=Vocabulary(tuple(ascii_lowercase[:count])),
        next_symbol=True,
    )


def willed(make: Callable[[], RecurrentModel]) -> RecurrentModel:
    """In float64, so that no rounding decides; with weights large enough to have a will."""
    torch.manual_seed(0)
    model = make().double().eval()
    for parameter in model.output.parameters():
        parameter.data *= 4
    return model
