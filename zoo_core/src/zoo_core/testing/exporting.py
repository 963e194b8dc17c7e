"""Checks of models: whether they can leave Python."""

from __future__ import annotations

import contextlib
import io
import logging
import warnings
from collections.abc import Iterator
from typing import final

import torch
from torch import Tensor, nn

from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.testing.check import DoesNotApply, Violation, check
from zoo_core.testing.model_case import EXACT, ModelCase, answer, check_tolerance, distance


@check(
    "Decide nothing in forward by the values of tensors (no .item(), int(...) or if on them); a "
    "model that must says exportable = False.",
    needs=("shapes",),
)
def exports(case: ModelCase) -> Violation | None:
    """torch.export traces the model, and the trace answers as the model does."""
    model, batch = case.build(), case.batch()
    if not model.exportable:
        raise DoesNotApply("the model says that it cannot be exported")
    with _quiet(), torch.no_grad():
        traced = torch.export.export(Plain(model), (batch.inputs,)).module()
        apart = distance(traced(batch.inputs), answer(model, batch))
    return check_tolerance(apart, EXACT, "the trace answers as the model")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Inside, torch logs, warns and prints nothing of what it could not trace."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(io.StringIO()):
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)


@final
class Plain(nn.Module):
    """A model from tensor to tensor."""

    def __init__(self, model: AbstractModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Tensor) -> Tensor:
        """Inputs to logits."""
        return answer(self.model, Batch(inputs))


SLOW = (exports,)
"""For which the plainest cases are enough."""
