"""Checks of models: states that are carried, saved and started anew, and long sequences."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import torch
from torch import Tensor

from zoo_core.runtime.checkpoints.tensors import to_bytes
from zoo_core.runtime.nn.batch import Batch, map_leaves
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import rebuild, restore_state, state_tensors
from zoo_core.testing.cases.model_case import (
    REORDERED,
    ModelCase,
    check_tolerance,
    compute_logits,
    marked,
    max_difference,
    random_batch,
    stateful_model,
)
from zoo_core.testing.check import DoesNotApply, Violation, check

LONG = 10_000
"""Steps of a long sequence."""
PIECE = 100
"""Steps of a piece of a long sequence."""
ROUNDING = 1e-7
"""About the largest relative change of a number by rounding to single precision."""
LONG_TOLERANCE = 1e-3
"""Largest difference between single and double precision over a long sequence."""


@check(
    "Return the state with its graph, not detached, and let no step use more of the past than the "
    "state holds.",
    needs=("pieces",),
)
def step_by_step(case: ModelCase) -> Violation | None:
    """Step by step and chunk by chunk, a model gives the logits, states and gradients of the whole.

    The gradients are those of the parameters.
    """
    model = stateful_model(case)
    if case.steps == 1:
        raise DoesNotApply("one step cannot be split")
    batch, steps = case.batch(), case.steps
    whole = _results(model, batch, (0, steps))
    ways = {
        "step by step": range(steps + 1),
        "in chunks": (0, 2, steps) if steps > 2 else (0, 1, 2),
    }
    for way, ends in ways.items():
        pairs = zip(whole, _results(model, batch, ends), strict=True)
        difference = max(max_difference(tensor, other) for tensor, other in pairs)
        expected = f"the same logits, states and gradients for {steps} steps at once and {way}"
        if violation := check_tolerance(difference, REORDERED, expected):
            return violation
    return None


@check(
    "Put everything that a step takes from the past into the tensors of the state, and nothing "
    "into attributes of the model.",
    needs=("pieces",),
)
def saved_state(case: ModelCase) -> Violation | None:
    """A state that is saved and restored continues in another process as it does in this one."""
    from safetensors.torch import load

    model = stateful_model(case)
    if case.steps == 1:
        raise DoesNotApply("one step cannot be split")
    batch, half = case.batch(), case.steps // 2
    inputs = batch.inputs
    with torch.no_grad():
        state = model(batch._replace(inputs=inputs[:, :half])).state
        expected = compute_logits(model, batch._replace(inputs=inputs[:, half:]), state)
        other = case.build()
        other.load_state_dict(model.state_dict())
        like = other.initial_state(case.rows)
        assert state is not None, "the check of pieces has passed"
        assert like is not None, "the check of pieces has passed"
        restored = restore_state(like, load(to_bytes(state_tensors(state))))
        logits = compute_logits(other, batch._replace(inputs=inputs[:, half:]), restored)
    rule = "the same logits from a state that was saved and restored"
    return check_tolerance(max_difference(logits, expected), 0.0, rule)


@check(
    "Start from the initial state at every step that Batch.resets marks, in every layer and "
    "direction (Recurrent does, given resets); or set takes_resets = False.",
    needs=("batch-independence",),
)
def resets(case: ModelCase) -> Violation | None:
    """A row whose state starts anew gives what its pieces give alone."""
    model = case.build()
    if not model.takes_resets or not case.free or case.steps == 1:
        raise DoesNotApply("the model starts no state anew")
    per_step = case.signature.outputs.per == "step"
    if not per_step and not model.causal:
        raise DoesNotApply("the label of a sequence is read at the ends of two pieces")
    batch = marked(case.batch())
    assert batch.resets is not None, "the batch is marked"
    logits, alone = compute_logits(model, batch), []
    for inputs, marks in zip(batch.inputs, batch.resets, strict=True):
        start = int(marks.nonzero()[0])
        pieces = [compute_logits(model, Batch(inputs[None, start:]))]
        if per_step:
            pieces.insert(0, compute_logits(model, Batch(inputs[None, :start])))
        alone.append(torch.cat(pieces, dim=1) if per_step else pieces[0])
    expected = torch.cat(alone)
    results = [logits, *_gradients(model, logits)]
    pairs = zip(results, [expected, *_gradients(model, expected)], strict=True)
    compared = list(pairs) if per_step else [(logits, expected)]
    difference = max(max_difference(tensor, other) for tensor, other in compared)
    rule = f"the same outputs and gradients for {case.steps} steps with a reset as for two pieces"
    return check_tolerance(difference, REORDERED, rule)


@check(
    "Keep states bounded: bound what is added to a state or let it decay, and compute sums over "
    "time so that they do not lose digits.",
    needs=("pieces",),
)
def long_sequences(case: ModelCase) -> Violation | None:
    """Over 10,000 steps all outputs are finite, and single precision is near double.

    A recurrence may be so ill conditioned, as that of layer normalization is, or chaotic, that no
    computation in single precision comes near. A model is taken for such a one if a change of its
    weights by one part in ten million changes its outputs in double precision by at least a tenth
    of the difference. It is compared over pieces of 100 steps instead, each from the state in
    double precision; no other model is.
    """
    model = stateful_model(case)
    batch = random_batch(case.signature, 1, LONG, torch.float64)
    with torch.no_grad():
        expected = compute_logits(model, batch)
        logits = compute_logits(model.float(), _in_single_precision(batch))
    if not bool(logits.isfinite().all() and expected.isfinite().all()):
        return Violation(f"finite outputs over {LONG:,} steps", "infinite ones, or NaN")
    difference = max_difference(logits.double(), expected)
    rule = f"the same outputs in single and double precision over {LONG:,} steps"
    if difference > LONG_TOLERANCE and _change(case, batch, expected) > difference / 10:
        difference = _difference_in_pieces(case, batch)
        rule += f", in pieces of {PIECE}"
    return check_tolerance(difference, LONG_TOLERANCE, rule)


@torch.no_grad()
def _change(case: ModelCase, batch: Batch, expected: Tensor) -> float:
    """Returns how much outputs in double precision change with weights that change by roundings."""
    model = case.build()
    generator = torch.Generator().manual_seed(0)
    for parameter in model.parameters():
        noise = torch.rand(parameter.shape, generator=generator, dtype=parameter.dtype)
        parameter.mul_(1 + ROUNDING * (2 * noise - 1))
    return max_difference(compute_logits(model, batch), expected)


def _in_single_precision(batch: Batch) -> Batch:
    def narrow(tensor: Tensor) -> Tensor:
        return tensor.float() if tensor.is_floating_point() else tensor

    inputs = narrow(batch.inputs)
    return Batch(inputs, context=map_leaves(narrow, batch.context))


@torch.no_grad()
def _difference_in_pieces(case: ModelCase, batch: Batch) -> float:
    """Returns the largest difference of single and double precision over short pieces."""
    double, single, difference = case.build(), case.build().float(), 0.0
    state = double.initial_state(len(batch.inputs))
    for first in range(0, LONG, PIECE):
        inputs = batch.inputs[:, first : first + PIECE]
        assert state is not None, "the model carries a state"
        start = tuple(rebuild(part, (tensor.float() for tensor in part)) for part in state)
        piece = batch._replace(inputs=inputs)
        logits = compute_logits(single, _in_single_precision(piece), start)
        expected, state = double(piece, state)
        difference = max(difference, max_difference(logits.double(), expected))
    return difference


def _results(model: AbstractModel, batch: Batch, ends: Sequence[int]) -> list[Tensor]:
    """Returns logits, last states and gradients of the parameters for a batch in pieces.

    Args:
        model: The model.
        batch: The batch.
        ends: Where the pieces end, after 0.
    """
    state, pieces = model.initial_state(len(batch.inputs)), []
    for first, last in pairwise(ends):
        logits, state = model(batch._replace(inputs=batch.inputs[:, first:last]), state)
        pieces.append(logits)
    per_step = model.signature.outputs.per == "step"
    logits = torch.cat(pieces, dim=1) if per_step else pieces[-1]
    states = [] if state is None else list(state_tensors(state).values())
    return [logits, *states, *_gradients(model, logits, *states)]


def _gradients(model: AbstractModel, *outputs: Tensor) -> list[Tensor]:
    """Returns the gradients, by the parameters, of a sum that weights every number differently."""
    total = torch.cat([output.flatten() for output in outputs])
    weighted = (total * torch.arange(len(total), dtype=total.dtype).cos()).sum()
    parameters = list(model.parameters())
    gradients = torch.autograd.grad(weighted, parameters, retain_graph=True, allow_unused=True)
    pairs = zip(gradients, parameters, strict=True)
    return [torch.zeros_like(own) if grad is None else grad.to_dense() for grad, own in pairs]


CHECKS = (step_by_step, saved_state, resets)
SLOW = (long_sequences,)
"""Checks that take seconds."""
