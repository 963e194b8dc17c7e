"""Checks of models: what they answer."""

from __future__ import annotations

import torch

from zoo_core.runtime.nn.batch import Batch
from zoo_core.testing.check import DoesNotApply, Violation, check
from zoo_core.testing.model_case import (
    EXACT,
    ModelCase,
    answer,
    carrying,
    check_tolerance,
    distance,
)

MADE = ("import-strings", "config-defaults")


@check(
    "Give logits (B, T, classes), batch first, for a label per step, and (B, classes) for one per "
    "sequence; refuse settings or data that do not fit with a ConfigError or MisfitError.",
    needs=MADE,
)
def shapes(case: ModelCase) -> Violation | None:
    """Logits are (B, T, classes) per step and (B, classes) per sequence."""
    steps = (case.steps,) if case.signature.per == "step" else ()
    expected = (case.rows, *steps, case.signature.classes)
    seen = tuple(answer(case.build(), case.batch()).shape)
    return None if seen == expected else Violation(f"logits of shape {expected}", f"{seen}")


@check(
    "Set window to the number of steps that the model reads, or carry the state.",
    needs=("shapes",),
)
def window(case: ModelCase) -> Violation | None:
    """A causal model without state says how many steps it must be fed."""
    model = case.build()
    if model.carries_state or not model.causal:
        raise DoesNotApply("the model carries its state, or looks ahead")
    return None if model.window else Violation("a number of steps as window", f"{model.window}")


@check(
    "Start from initial_state(B) when forward is given no state, and from nothing else.",
    needs=("shapes",),
)
def initial_state(case: ModelCase) -> Violation | None:
    """No state means the initial one."""
    model, batch = carrying(case), case.batch()
    given = answer(model, batch, model.initial_state(case.rows))
    apart = distance(answer(model, batch), given)
    return check_tolerance(apart, 0.0, "the answer without a state is that from initial_state(B)")


@check(
    "Mix nothing over the batch axis in evaluation: no mean, norm or sort over axis 0.",
    needs=("shapes",),
)
def batch_independence(case: ModelCase) -> Violation | None:
    """Every row gets the answer that it gets alone."""
    model, batch = case.build(), case.batch()
    alone = torch.cat([answer(model, Batch(row)) for row in batch.inputs.unsqueeze(1)])
    apart = distance(answer(model, batch), alone)
    return check_tolerance(
        apart, EXACT, f"{case.rows} rows answered together and one by one are one"
    )


CHECKS = (shapes, window, initial_state, batch_independence)
