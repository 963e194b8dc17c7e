"""Checks of models: how they learn."""

from __future__ import annotations

import torch

from zoo_core.testing.check import DoesNotApply, Violation, check
from zoo_core.testing.model_case import ModelCase, learn

RATES = (0.1, 0.03, 0.01, 0.003)
STEPS = 200
SHARE = 0.1


@check(
    "Use the parameter in forward, and do not detach what comes of it; remove it if it is of no "
    "use, or make it a buffer, or set requires_grad = False, if it shall not learn.",
    needs=("shapes",),
)
def gradients(case: ModelCase) -> Violation | None:
    """A gradient reaches every parameter."""
    if case.free and case.steps == 1:
        raise DoesNotApply("one step, from zeros, does not reach the recurrence")
    model = case.build()
    learn(model, case.batch())
    missed = [
        name
        for name, each in model.named_parameters()
        if each.requires_grad and (each.grad is None or not each.grad.any())
    ]
    if not missed:
        return None
    return Violation(
        "a gradient other than zero for every parameter", f"none for {', '.join(missed)}"
    )


@check(
    "Leave the logits unbounded (no softmax, tanh or clamp at the end), see that the weights do "
    "not start at zero, and that every input reaches the output.",
    needs=("gradients",),
)
def overfits(case: ModelCase) -> Violation | None:
    """One batch can be learnt by heart."""
    best = [_learnt(case, rate) for rate in RATES[:1]]
    for rate in RATES[1:]:
        if min(best) < SHARE:
            return None
        best.append(_learnt(case, rate))
    if min(best) < SHARE:
        return None
    expected = f"{STEPS} steps of Adam bring the loss of one batch below {SHARE:.0%} of the first"
    return Violation(expected, f"{min(best):.0%} at best, over learning rates {RATES}")


def _learnt(case: ModelCase, rate: float) -> float:
    """The loss after learning one batch by heart, as a share of the first."""
    model, batch = case.build(), case.batch()
    optimizer = torch.optim.Adam(model.parameters(), lr=rate)
    first = last = learn(model, batch)
    for _ in range(STEPS):
        if last < SHARE * first:
            break
        optimizer.step()
        optimizer.zero_grad()
        last = learn(model, batch)
    return last / first


CHECKS = (gradients,)
SLOW = (overfits,)
"""For which the plainest cases are enough."""
