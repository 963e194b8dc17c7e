"""Checks of models: what is recorded of them."""

from __future__ import annotations

import copy
from typing import Any

import torch
from torch import Tensor

from zoo_core.errors import MisfitError
from zoo_core.runtime.inspection.recording import SignalName, Values, recording, recurrent_layers
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.state import State
from zoo_core.testing.cases.model_case import EXACT, ModelCase, check_tolerance, max_difference
from zoo_core.testing.check import DoesNotApply, Violation, check


@check(
    "Let a cell's step depend on its arguments alone, let it compute with the tensor that "
    "gate() returns, and give no gate the name of a tensor of the state.",
    needs=("shapes",),
)
def activations(case: ModelCase) -> Violation | None:
    """What is recorded of a model is what its forward pass computes with."""
    if case.signature.context:
        raise DoesNotApply("zoo inspect records no model with further inputs")
    model, batch = case.build(), Batch(case.batch().inputs[:1])
    layers = recurrent_layers(model)
    if not layers:
        raise DoesNotApply("the model has no recurrent layer")
    with torch.no_grad():
        expected: Output = model(batch)
        with recording(model) as recorded:
            output: Output = model(batch)
            try:
                values = recorded.take(case.steps)
            except MisfitError as error:  # zoo inspect says the same
                raise DoesNotApply(str(error)) from None
    difference = max_difference(output.logits, expected.logits)
    if expected.state is not None and len(layers) == 1 and _is_state_of(expected.state, layers[0]):
        difference = max(difference, _state_difference(values, expected.state, layers[0]))
    rule = "the same logits and states with and without recording"
    if violation := check_tolerance(difference, EXACT, rule):
        return violation
    for layer in layers:
        names = sorted({signal.name for signal in values if signal.is_gate})
        fields = layer.cell.initial_state(1, next(layer.parameters()))._fields
        if same := set(fields).intersection(names):
            return Violation("gates with names of their own", f"a gate and a state {min(same)}")
        for name in names:
            if not _uses_gate(layer, name):
                return Violation(
                    f"a step that computes with the gate {name}", "another value changes nothing"
                )
    return None


def _is_state_of(state: State, layer: Recurrent) -> bool:
    """Whether a model's state is that of its recurrent layer, without tensors of its own."""
    like = layer.initial_state(1)
    return [type(part) for part in state] == [type(part) for part in like]


def _state_difference(values: Values, state: State, layer: Recurrent) -> float:
    """Returns the largest difference of the recorded last states and a state."""
    differences = []
    for index, part in enumerate(state):
        number, direction = divmod(index, layer.directions)
        for name, tensor in zip(part._fields, part, strict=True):
            recorded = values[SignalName(number, name, False)]
            width = recorded.shape[1] // layer.directions
            last = recorded[0 if direction else -1, direction * width : (direction + 1) * width]
            differences.append(max_difference(last, tensor.reshape(-1)))
    return max(differences)


@torch.no_grad()
def _uses_gate(layer: Recurrent, name: str) -> bool:
    """Whether another value of a gate changes the output of a step or the state after it."""
    weights = layer.weights(0, 0)
    like = next(iter(weights.values()))
    generator = torch.Generator().manual_seed(0)
    inputs = torch.randn(1, 1, layer.input_size, generator=generator, dtype=like.dtype)
    projected = layer.cell.project(weights, inputs)[:, 0]
    state = layer.cell.initial_state(1, like)
    for _ in range(2):  # away from a state of zeros, with which a product would hide a gate
        _, state = layer.cell.step(weights, projected, state)
    results = [
        cell.step(weights, projected, state) for cell in (layer.cell, _altered(layer.cell, name))
    ]
    (output, after), (other_output, other_after) = results
    pairs = zip((output, *after), (other_output, *other_after), strict=True)
    return any(not torch.equal(tensor, other) for tensor, other in pairs)


def _altered(cell: AbstractCell[Any], name: str) -> AbstractCell[Any]:
    """Returns a copy of a cell in which one gate has another value."""
    copied: AbstractCell[Any] = copy.copy(cell)

    def gate(gate_name: str, value: Tensor) -> Tensor:
        return 0.5 * value + 0.3 if gate_name == name else value

    vars(copied).update(gate=gate)
    return copied


CHECKS = (activations,)
