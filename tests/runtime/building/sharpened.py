"""An untrained model whose text is far from uniform."""

from __future__ import annotations

from collections.abc import Callable
from string import ascii_lowercase

import torch

from zoo_core import Classes, Signature, Tokens, Vocabulary
from zoo_core.runtime.nn.model import RecurrentModel


def letters(count: int) -> Signature:
    """The signature of text in the first letters of the alphabet."""
    return Signature(
        inputs=Tokens(count),
        outputs=Classes(count, per="step", next_token=True),
        vocabulary=Vocabulary(tuple(ascii_lowercase[:count])),
    )


def sharpened(make: Callable[[], RecurrentModel]) -> RecurrentModel:
    """Builds a model in float64, so that rounding does not decide, with large output weights."""
    torch.manual_seed(0)
    model = make().double().eval()
    for parameter in model.output.parameters():
        parameter.data *= 4
    return model
