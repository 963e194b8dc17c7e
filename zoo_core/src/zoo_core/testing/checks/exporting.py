"""Checks of models: export to a graph."""

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
from zoo_core.testing.cases.model_case import (
    EXACT,
    ModelCase,
    check_tolerance,
    compute_logits,
    max_difference,
)
from zoo_core.testing.check import DoesNotApply, Violation, check


@check(
    "Do not branch on the values of tensors in forward (no .item(), int(...) or if on them), or "
    "set exportable = False.",
    needs=("shapes",),
)
def exports(case: ModelCase) -> Violation | None:
    """torch.export traces the model, and the traced model returns the same logits."""
    model, batch = case.build(), case.batch()
    if not model.exportable:
        raise DoesNotApply("the model sets exportable = False")
    with _silent_torch(), torch.no_grad():
        traced = torch.export.export(Plain(model), (batch.inputs,)).module()
        difference = max_difference(traced(batch.inputs), compute_logits(model, batch))
    return check_tolerance(difference, EXACT, "the same logits from the traced model")


@contextlib.contextmanager
def _silent_torch() -> Iterator[None]:
    """Suppresses the log records, warnings and lines about code that torch could not trace."""
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
    """A model as a function from one tensor to one tensor, which torch.export can trace."""

    def __init__(self, model: AbstractModel) -> None:
        super().__init__()
        self.model = model

    def forward(self, inputs: Tensor) -> Tensor:
        """Returns the logits of inputs (B, T), (B, T, F) or (B, C, *sizes)."""
        return compute_logits(self.model, Batch(inputs))


SLOW = (exports,)
"""Checks that run on the plain cases only."""
