"""Checks of models: the logits that they return."""

from __future__ import annotations

import torch

from zoo_core.testing.cases.model_case import (
    EXACT,
    ModelCase,
    check_tolerance,
    compute_logits,
    max_difference,
    stateful_model,
)
from zoo_core.testing.check import DoesNotApply, Violation, check


@check(
    "Return logits (B, T, classes), batch first, for a label per step and (B, classes) for a label "
    "per sequence; raise ConfigError or MisfitError for settings or data that do not fit.",
    needs=("import-strings", "config-defaults"),
)
def shapes(case: ModelCase) -> Violation | None:
    """Logits have shape (B, T, classes) per step and (B, classes) per sequence."""
    steps = (case.steps,) if case.signature.outputs.per == "step" else ()
    expected = (case.rows, *steps, case.signature.outputs.width)
    shape = tuple(compute_logits(case.build(), case.batch()).shape)
    return None if shape == expected else Violation(f"logits of shape {expected}", f"{shape}")


@check(
    "Set window to the number of steps that the model reads, or carry a state.", needs=("shapes",)
)
def window(case: ModelCase) -> Violation | None:
    """A causal model without a state says how many steps it reads."""
    model = case.build()
    if model.carries_state or not model.causal:
        raise DoesNotApply("the model carries a state or is not causal")
    return None if model.window else Violation("window is a number of steps", f"{model.window}")


@check("When forward gets no state, start from initial_state(B).", needs=("shapes",))
def initial_state(case: ModelCase) -> Violation | None:
    """Without a state, a model starts from its initial state."""
    model, batch = stateful_model(case), case.batch()
    started = compute_logits(model, batch, model.initial_state(case.rows))
    expected = "the same logits without a state as with initial_state(B)"
    return check_tolerance(max_difference(compute_logits(model, batch), started), 0.0, expected)


@check(
    "Do not mix the rows of a batch in evaluation mode: no mean, norm or sort over axis 0.",
    needs=("shapes",),
)
def batch_independence(case: ModelCase) -> Violation | None:
    """The logits of a row do not depend on the other rows of its batch."""
    model, batch = case.build(), case.batch()
    rows = range(case.rows)
    one_by_one = torch.cat([compute_logits(model, batch.rows(row, row + 1)) for row in rows])
    expected = f"the same logits for {case.rows} rows in one batch and one by one"
    return check_tolerance(
        max_difference(compute_logits(model, batch), one_by_one), EXACT, expected
    )


CHECKS = (shapes, window, initial_state, batch_independence)
