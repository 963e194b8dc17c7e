"""Checks of models: the invariants of recurrence."""

from __future__ import annotations

from itertools import pairwise

import torch

from zoo_core.errors import MisfitError
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import State, state_tensors
from zoo_core.testing.check import DoesNotApply, Violation, check
from zoo_core.testing.model_case import (
    EXACT,
    SINGLE,
    ModelCase,
    answer,
    carrying,
    check_tolerance,
    distance,
)


@check(
    "Start the loop over time from the state that forward is given, return the state after the "
    "last step, and keep nothing else between calls; or set carries_state = False.",
    needs=("shapes",),
)
def pieces(case: ModelCase) -> Violation | None:
    """Pieces, each started from the state of the one before, give what the whole gives."""
    model = carrying(case)
    if case.steps == 1:
        raise DoesNotApply("one step has no pieces")
    for each, dtype, bound in (model, torch.float64, EXACT), (model, torch.float32, SINGLE):
        batch = case.batch(dtype)
        start = each.to(dtype).initial_state(case.rows)
        whole, joined = each(batch, start), _in_pieces(each, batch, start)
        expected = f"logits and states of {case.steps} steps at once and in pieces are one"
        states = zip(_tensors(whole.state), _tensors(joined.state), strict=True)
        apart = max([distance(whole.logits, joined.logits), *(distance(a, b) for a, b in states)])
        if found := check_tolerance(apart, bound, expected):
            return found
    return None


@check(
    "Let no step see a later one (a mean over time, a reversed pass, an attention without mask), "
    "or set causal = False; a model that never looks ahead sets causal = True.",
    needs=("shapes",),
)
def causality(case: ModelCase) -> Violation | None:
    """A causal model, and no other, gives the same earlier outputs whatever comes later."""
    if case.signature.per != "step" or case.steps == 1:
        raise DoesNotApply("a label for the whole sequence may depend on all of it")
    model, batch = case.build(), case.batch()
    changed = batch.inputs.clone()
    changed[:, -1] = (changed[:, -1] + 1) % case.signature.input_size
    before, after = answer(model, batch), answer(model, Batch(changed))
    if torch.equal(before[:, -1], after[:, -1]):
        return Violation("the last output depends on the last input", "it does not")
    apart = distance(before[:, :-1], after[:, :-1])
    if model.causal:
        return check_tolerance(apart, 0.0, "another last input changes no earlier output")
    if apart == 0:
        return Violation("causal = True, for no output depends on a later input", "causal = False")
    return None


@check(
    "Take no step beyond a row's length into account: read the output at the last valid step, "
    "start a reversed pass there, and mask what is pooled; or raise MisfitError for lengths.",
    needs=("shapes",),
)
def padding_independence(case: ModelCase) -> Violation | None:
    """A padded row gets the answer of the same row without padding."""
    if not case.free or case.steps == 1:
        raise DoesNotApply("there is one length only")
    model, batch = case.build(), case.batch()
    lengths = torch.tensor(
        [(case.steps, case.steps // 2, case.steps - 1)[n % 3] for n in range(case.rows)]
    )
    if case.rows == 1:
        lengths -= 1
    try:
        padded = answer(model, Batch(batch.inputs, lengths=lengths))
        for row, length in enumerate(lengths.tolist()):
            short = answer(model, Batch(batch.inputs[:, :length]))[row]
            kept = padded[row, :length] if case.signature.per == "step" else padded[row]
            expected = f"T={length} padded to T={case.steps} and not padded give one answer"
            if found := check_tolerance(distance(kept, short), EXACT, expected):
                return found
    except MisfitError as error:
        raise DoesNotApply(str(error)) from None
    return None


def _in_pieces(model: AbstractModel, batch: Batch, state: State | None) -> Output:
    """What the model answers to two or three pieces that go on from each other."""
    steps = batch.inputs.shape[1]
    ends = sorted({0, 1, steps // 2 + 1, steps})
    found = []
    for first, last in pairwise(ends):
        logits, state = model(Batch(batch.inputs[:, first:last]), state)
        found.append(logits)
    per_sequence = model.signature.per == "sequence"
    return Output(found[-1] if per_sequence else torch.cat(found, dim=1), state)


def _tensors(state: State | None) -> list[torch.Tensor]:
    return [] if state is None else list(state_tensors(state).values())


CHECKS = (pieces, causality, padding_independence)
