"""Checks of models: gradients and learning."""

from __future__ import annotations

import math

import torch

from zoo_core.data.signature import Tokens
from zoo_core.testing.cases.model_case import ModelCase, compute_gradients
from zoo_core.testing.check import DoesNotApply, Violation, check

LEARNING_RATES = (0.1, 0.03, 0.01, 0.003)
MAX_STEPS = 200
MAX_LOSS_RATIO = 0.1
"""Largest final loss, as a fraction of the first, of a batch that counts as learnt."""


@check(
    "Use the parameter in forward and do not detach what is computed from it; if it should not be "
    "trained, remove it, make it a buffer or set requires_grad = False.",
    needs=("shapes",),
)
def gradients(case: ModelCase) -> Violation | None:
    """Every parameter gets a gradient."""
    if case.free and case.steps == 1:
        raise DoesNotApply("one step from zeros does not reach the recurrent weights")
    model = case.build()
    compute_gradients(model, case.batch())
    without = [
        name
        for name, parameter in model.named_parameters()
        if parameter.requires_grad and (parameter.grad is None or not parameter.grad.any())
    ]
    if not without:
        return None
    return Violation("a nonzero gradient for every parameter", f"none for {', '.join(without)}")


@check(
    "Leave the logits unbounded (no softmax, tanh or clamp at the end), start no weights at zero, "
    "and let every input reach the output.",
    needs=("gradients",),
)
def overfits(case: ModelCase) -> Violation | None:
    """The model can learn one batch by heart."""
    best = math.inf
    for learning_rate in LEARNING_RATES:
        best = min(best, _loss_ratio(case, learning_rate))
        if best < MAX_LOSS_RATIO:
            return None
    expected = (
        f"{MAX_STEPS} steps of Adam reduce the loss of one batch below {MAX_LOSS_RATIO:.0%} of "
        "the first"
    )
    return Violation(expected, f"{best:.0%} at best, over learning rates {LEARNING_RATES}")


def _loss_ratio(case: ModelCase, learning_rate: float) -> float:
    """Returns the loss after training on one batch, as a fraction of the first loss."""
    model, batch = case.build(), case.batch()
    if isinstance(case.signature.inputs, Tokens):
        # rows that begin alike with other labels could be told apart by no causal model
        batch.inputs[:, 0] = torch.arange(len(batch.inputs)) % case.signature.input_size
    optimizer = torch.optim.Adam(model.parameters(), lr=learning_rate)
    first = last = compute_gradients(model, batch)
    for _ in range(MAX_STEPS):
        if last < MAX_LOSS_RATIO * first:
            break
        optimizer.step()
        optimizer.zero_grad()
        last = compute_gradients(model, batch)
    return last / first


CHECKS = (gradients,)
SLOW = (overfits,)
"""Checks that run on the plain cases only."""
