"""Recording of what the cells of a model compute at every step of a forward pass.

The cell's own ``step`` runs, on a copy of the cell whose ``gate`` and ``step`` also write down what
passes through them. So what is recorded is what the forward pass used, for any cell.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import cycle, product
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, nn

from zoo_core.errors import MisfitError
from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import LayerState

OUTPUT = "hidden"
"""The name of a cell's output, if its state has no tensor of this name."""


@final
class SignalName(NamedTuple):
    """The name of what a layer computes at every step.

    Args:
        layer: The number of the layer, from 0; layers of several recurrent modules are counted on.
        name: The name of a tensor of the state, such as ``hidden``, or of a gate.
        is_gate: Whether it is a gate.
    """

    layer: int
    name: str
    is_gate: bool


Wanted = Callable[[SignalName], bool]
Values = dict[SignalName, Tensor]
"""What was recorded, (T, units) each; the units of a backward direction follow the forward ones."""


@final
class Recording:
    """What the recurrent layers of a model have computed since the last ``take``.

    Args:
        wanted: Which signals to keep.
    """

    def __init__(self, wanted: Wanted) -> None:
        self.wanted = wanted
        self._directions: dict[tuple[SignalName, int], list[Tensor]] = {}

    def add(self, signal: SignalName, direction: int, steps: list[Tensor]) -> None:
        """Adds the values of one direction, in the order of the inputs, (1, ...) each."""
        kept = self._directions.setdefault((signal, direction), [])
        kept += [value.detach().reshape(-1) for value in steps]

    def take(self, steps: int) -> Values:
        """Returns the values since the last call, which are forgotten.

        Args:
            steps: T, the number of steps that the model was fed.

        Raises:
            MisfitError: A layer has taken another number of steps.
        """
        directions: dict[SignalName, list[Tensor]] = {}
        for (signal, _), values in sorted(self._directions.items(), key=lambda item: item[0][1]):
            if len(values) != steps:
                raise MisfitError(
                    f"layer {signal.layer} takes {len(values)} steps for {steps} symbols, so its "
                    "activations belong to no symbol"
                )
            directions.setdefault(signal, []).append(torch.stack(values))
        self._directions = {}
        return {signal: torch.cat(parts, dim=1) for signal, parts in directions.items()}


@contextmanager
def recording(model: nn.Module, wanted: Wanted = lambda signal: True) -> Iterator[Recording]:
    """Records what the recurrent layers of a model compute inside the context.

    The model is fed one row at a time, without lengths. It runs step by step inside, whatever
    kernels it has.

    Args:
        model: The model; a model without recurrent layers leaves nothing to take.
        wanted: Which signals to keep; all by default.
    """
    result = Recording(wanted)
    layers = recurrent_layers(model)
    before = [(layer, layer.kernels, layer.chooses_by_size) for layer in layers]
    first = 0
    try:
        for layer in layers:
            layer.kernels = (_RecordingKernel(result, layer, first),)
            layer.chooses_by_size = False
            first += layer.num_layers
        yield result
    finally:
        for layer, kernels, chooses_by_size in before:
            layer.kernels, layer.chooses_by_size = kernels, chooses_by_size


def recurrent_layers(model: nn.Module) -> list[Recurrent]:
    """Returns the recurrent modules of a model."""
    return [module for module in model.modules() if isinstance(module, Recurrent)]


def matrix_shapes(model: nn.Module) -> dict[SignalName, tuple[int, ...]]:
    """Returns the axes of the states that are no vectors, such as (heads, keys, values)."""
    shapes: dict[SignalName, tuple[int, ...]] = {}
    first = 0
    for module in recurrent_layers(model):
        layers = range(first, first + module.num_layers)
        first += module.num_layers
        state = module.cell.initial_state(1, next(module.parameters()))
        for name, tensor in zip(state._fields, state, strict=True):
            if tensor.dim() > 2:
                shape = tuple(tensor.shape[1:])
                shapes |= {SignalName(layer, name, False): shape for layer in layers}
    return shapes


@final
class _RecordingKernel(AbstractKernel):
    """The reference kernel, with a cell that records.

    Args:
        target: Where to write.
        module: The recurrent module, which runs its layers and directions in this order.
        first: The number of its first layer.
    """

    name = "recording"

    def __init__(self, target: Recording, module: Recurrent, first: int) -> None:
        self.target = target
        layers = range(first, first + module.num_layers)
        self._places = cycle(product(layers, range(module.directions)))

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Returns None: the reference kernel runs every cell."""
        return None

    def scan(
        self,
        cell: AbstractCell[Any],
        weights: Weights,
        inputs: Tensor,
        state: LayerState,
        *,
        lengths: Tensor | None,
        reverse: bool,
    ) -> tuple[Tensor, LayerState]:
        """See AbstractKernel."""
        layer, direction = next(self._places)
        steps: dict[SignalName, list[Tensor]] = {}

        def write(name: str, value: Tensor, is_gate: bool) -> None:
            signal = SignalName(layer, name, is_gate)
            if self.target.wanted(signal):
                steps.setdefault(signal, []).append(value)

        result = ReferenceKernel().scan(
            recording_cell(cell, write), weights, inputs, state, lengths=lengths, reverse=reverse
        )
        for signal, values in steps.items():
            self.target.add(signal, direction, values[::-1] if reverse else values)
        return result


def recording_cell(
    cell: AbstractCell[Any], write: Callable[[str, Tensor, bool], None]
) -> AbstractCell[Any]:
    """Returns a copy of a cell that also writes down its gates, its output and its states.

    Args:
        cell: The cell.
        write: Receives the name, the value and whether it is a gate, at every step: the gates in
            the order of the step, then the output and the tensors of the state after the step.
    """
    copied: AbstractCell[Any] = copy.copy(cell)

    def gate(name: str, value: Tensor) -> Tensor:
        write(name, value, True)
        return value

    def step(weights: Weights, projected: Tensor, state: LayerState) -> tuple[Tensor, LayerState]:
        output, after = type(copied).step(copied, weights, projected, state)
        values = {OUTPUT: output} | dict(zip(after._fields, after, strict=True))
        for name, value in values.items():
            write(name, value, False)
        return output, after

    vars(copied).update(gate=gate, step=step)  # of this copy alone, not of its class
    return copied
