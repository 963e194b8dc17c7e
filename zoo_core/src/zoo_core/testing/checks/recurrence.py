"""Checks of models: the invariants of recurrence."""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor

from zoo_core.errors import MisfitError
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import State, state_tensors
from zoo_core.testing.cases.model_case import (
    EXACT,
    SINGLE,
    ModelCase,
    check_tolerance,
    compute_logits,
    max_difference,
    stateful_model,
)
from zoo_core.testing.check import DoesNotApply, Violation, check


@check(
    "Start the loop over time from the state that forward gets, return the state after the last "
    "step, and keep nothing else between calls; or set carries_state = False.",
    needs=("shapes",),
)
def pieces(case: ModelCase) -> Violation | None:
    """A sequence fed in pieces, each from the state before it, gives the outputs of the whole."""
    model = stateful_model(case)
    if case.steps == 1:
        raise DoesNotApply("one step cannot be split")
    for dtype, tolerance in ((torch.float64, EXACT), (torch.float32, SINGLE)):
        batch = case.batch(dtype)
        state = model.to(dtype).initial_state(case.rows)
        whole, joined = model(batch, state), _run_in_pieces(model, batch, state)
        pairs = zip(_tensors(whole), _tensors(joined), strict=True)
        difference = max(max_difference(tensor, other) for tensor, other in pairs)
        expected = f"the same logits and states for {case.steps} steps at once and in pieces"
        if violation := check_tolerance(difference, tolerance, expected):
            return violation
    return None


@check(
    "Let no step depend on a later one (a mean over time, a reversed pass, attention without a "
    "mask), or set causal = False; set causal = True if no step does.",
    needs=("shapes",),
)
def causality(case: ModelCase) -> Violation | None:
    """A model is causal exactly if its outputs do not depend on later inputs."""
    if case.signature.outputs.per != "step" or case.steps == 1:
        raise DoesNotApply("a label of the whole sequence may depend on all of it")
    model, batch = case.build(), case.batch()
    if not model.reads_inputs:
        raise DoesNotApply("the model sets reads_inputs = False")
    before, difference = compute_logits(model, batch), 0.0
    for step in {1, case.steps // 2, case.steps - 1}:
        changed = batch.inputs.clone()
        changed[:, step] = (changed[:, step] + 1) % case.signature.input_size
        after = compute_logits(model, batch._replace(inputs=changed))
        if torch.equal(before[:, step], after[:, step]):
            return Violation("an output depends on the input of its step", "it does not")
        earlier = max_difference(before[:, :step], after[:, :step])
        if model.causal and earlier > 0:
            rule = f"the same outputs before step {step} for another input there"
            return check_tolerance(earlier, 0.0, rule)
        difference = max(difference, earlier)
    if not model.causal and difference == 0:
        return Violation("causal = True, as no output depends on a later input", "causal = False")
    return None


@check(
    "Ignore the steps beyond a row's length: read the output at the last valid step, start a "
    "reversed pass there and mask what is pooled; or raise MisfitError for lengths.",
    needs=("shapes",),
)
def padding_independence(case: ModelCase) -> Violation | None:
    """A padded row gets the same outputs as the row without padding."""
    if not case.free or case.steps == 1:
        raise DoesNotApply("the model reads one length only")
    model, batch = case.build(), case.batch()
    choices = (case.steps, case.steps // 2, case.steps - 1)
    lengths = [choices[row % 3] for row in range(case.rows)]
    if case.rows == 1:
        lengths = [case.steps - 1]  # so that the only row has padding
    try:
        padded = compute_logits(model, batch._replace(lengths=torch.tensor(lengths)))
        for row, length in enumerate(lengths):
            alone = batch._replace(inputs=batch.inputs[:, :length])
            expected = compute_logits(model, alone)[row]
            valid = padded[row, :length] if case.signature.outputs.per == "step" else padded[row]
            rule = f"the same outputs for T={length} with and without padding to T={case.steps}"
            if violation := check_tolerance(max_difference(valid, expected), EXACT, rule):
                return violation
    except MisfitError as error:
        raise DoesNotApply(str(error)) from None
    return _context_padding(model, batch)


def _context_padding(model: AbstractModel, batch: Batch) -> Violation | None:
    """Returns how the outputs change with the padding of further inputs, or None."""
    for name, tensor in (batch.context or {}).items():
        ends = [1 + row % tensor.shape[1] for row in range(len(tensor))]
        padded = batch._replace(context_lengths={name: torch.tensor(ends)})
        logits = compute_logits(model, padded)
        for row, end in enumerate(ends):
            alone = batch.rows(row, row + 1)
            assert alone.context is not None, "the batch has further inputs"
            alone = alone._replace(context=alone.context | {name: tensor[row : row + 1, :end]})
            difference = max_difference(logits[row], compute_logits(model, alone)[0])
            rule = f"the same outputs for {end} steps of {name} with and without padding"
            if violation := check_tolerance(difference, EXACT, rule):
                return violation
    return None


def _run_in_pieces(model: AbstractModel, batch: Batch, state: State | None) -> Output:
    """Runs two or three pieces of a batch, each from the state after the one before."""
    steps = batch.inputs.shape[1]
    ends = sorted({0, 1, steps // 2 + 1, steps})
    pieces = []
    for first, last in pairwise(ends):
        logits, state = model(batch._replace(inputs=batch.inputs[:, first:last]), state)
        pieces.append(logits)
    per_sequence = model.signature.outputs.per == "sequence"
    return Output(pieces[-1] if per_sequence else torch.cat(pieces, dim=1), state)


def _tensors(output: Output) -> list[Tensor]:
    state = output.state
    return [output.logits, *([] if state is None else state_tensors(state).values())]


CHECKS = (pieces, causality, padding_independence)
