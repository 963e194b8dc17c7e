"""A model as a plain function of tensors, which is what exporters trace."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar, final

import torch
from torch import Tensor, nn

from zoo_core.data.signature import Grid, Tokens
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.state import State, rebuild

T = TypeVar("T")
LOGITS = "logits"
TRACED_BATCH, TRACED_STEPS = 5, 11
"""The size that is traced where any is allowed: torch takes 0 and 1, and equal sizes, as fixed."""


@final
class Lengths(NamedTuple):
    """The numbers of steps that an exported model takes.

    Args:
        shortest: The fewest.
        fixed: Whether it takes no other number.
    """

    shortest: int
    fixed: bool = False

    @property
    def example(self) -> int:
        """A number of steps to trace."""
        return self.shortest if self.fixed else max(TRACED_STEPS, self.shortest)

    def allow(self, steps: int) -> int:
        """Returns the nearest number of steps that is allowed."""
        return self.shortest if self.fixed else max(steps, self.shortest)

    def describe(self) -> str:
        """Returns the lengths in words: ``any number of steps from 4 on``."""
        if self.fixed:
            return f"{self.shortest} steps"
        return "any number of steps" + (f" from {self.shortest} on" if self.shortest > 1 else "")


@final
class Program(nn.Module):
    """A model with its state as flat tensors: ``(inputs, *states)`` to ``(logits, *states)``.

    Args:
        model: The model; it is used as it is, and should be in evaluation mode.

    Attributes:
        input_name: ``tokens`` (B, T), ``features`` (B, T, F) or ``grid`` (B, C, ...).
        state_names: The names of the states, such as ``hidden_0`` and ``cell_0``: the field of the
            named tuple, and the index of layer and direction. Empty for a model without state.

    Raises:
        MisfitError: The model takes further inputs.
    """

    def __init__(self, model: AbstractModel) -> None:
        super().__init__()
        if context := model.signature.context:
            raise MisfitError(
                f"the model reads {' and '.join(context)} beside its inputs, and no export format "
                "takes further inputs; use it with zoo predict"
            )
        self.model = model
        self._like = model.initial_state(1)
        self._dtype = next(model.parameters()).dtype
        self.input_name = model.signature.inputs.kind
        self.state_names = tuple(
            f"{name}_{index}"
            for index, part in enumerate(self._like or ())
            for name in part._fields
        )

    @property
    def output_names(self) -> tuple[str, ...]:
        """``logits``, then the states in the order of the inputs: ``next_hidden_0``, ..."""
        return (LOGITS, *(f"next_{name}" for name in self.state_names))

    def lengths(self) -> Iterator[Lengths]:
        """Yields the numbers of steps to try to trace the model for, the most general first."""
        if self.model.window is not None or self.input_name == Grid.kind:
            yield Lengths(self.model.window or 1, fixed=True)
            return
        shortest = self.model.min_steps
        yield Lengths(shortest)
        if shortest > 1:  # a trace of a size of 1 somewhere inside holds for no other
            yield Lengths(2 * shortest)
        yield Lengths(max(TRACED_STEPS, shortest), fixed=True)

    def forward(self, inputs: Tensor, states: Sequence[Tensor]) -> tuple[Tensor, ...]:
        """Runs the model over all steps of the inputs, from the states."""
        output = self.model(Batch(inputs), self.unflatten(states))
        # a model that carries no state may return one, which is for zoo inspect alone
        after = None if self._like is None else output.state
        return (output.logits, *self.flatten(after))

    def initial_states(self, batch_size: int) -> list[Tensor]:
        """Returns the states before the first step."""
        return self.flatten(self.model.initial_state(batch_size))

    def example(self, batch_size: int, steps: int, seed: int = 0) -> tuple[Tensor, list[Tensor]]:
        """Returns random inputs, and random states in the place of the initial ones.

        Args:
            batch_size: B.
            steps: T; a grid has its own sizes.
            seed: The seed of the numbers.
        """
        generator = torch.Generator().manual_seed(seed)
        inputs = self.model.signature.inputs
        if isinstance(inputs, Tokens):
            values = torch.randint(inputs.size, (batch_size, steps), generator=generator)
        elif isinstance(inputs, Grid):
            sizes = (batch_size, inputs.channels, *inputs.sizes)
            values = torch.randn(sizes, generator=generator, dtype=self._dtype)
        else:
            values = torch.randn(
                batch_size, steps, inputs.size, generator=generator, dtype=self._dtype
            )
        like = self.initial_states(batch_size)
        return values, [
            torch.randn(state.shape, generator=generator, dtype=state.dtype) for state in like
        ]

    def flatten(self, state: State | None) -> list[Tensor]:
        """Returns the tensors of a state, in the order of the names."""
        return [] if state is None else [tensor for part in state for tensor in part]

    def unflatten(self, tensors: Sequence[Tensor]) -> State | None:
        """Reverses ``flatten``."""
        if self._like is None:
            return None
        flat = iter(tensors)
        return tuple(rebuild(part, [next(flat) for _ in part]) for part in self._like)


@final
class Example(NamedTuple):
    """What an exporter traces.

    Args:
        inputs: The inputs.
        states: The states.
        input_axes: The axes of the inputs that may have any size, by their index.
        state_axes: Those of every state.
    """

    inputs: Tensor
    states: list[Tensor]
    input_axes: dict[int, Any]
    state_axes: dict[int, Any]


def trace_program(
    program: Program, trace: Callable[[Example], T], failure: str
) -> tuple[T, Lengths]:
    """Traces a model for the most general lengths that can be traced.

    Args:
        program: The model.
        trace: Traces an example; what it raises rules out the lengths of the example.
        failure: The beginning of the error.

    Returns:
        What ``trace`` returned, and the numbers of steps that it holds for.

    Raises:
        MisfitError: No lengths can be traced.
    """
    reason = ""
    for lengths in program.lengths():
        inputs, states = program.example(TRACED_BATCH, lengths.example)
        rows = {0: torch.export.Dim("batch", min=1)}
        axes = dict(rows)
        if not lengths.fixed:
            axes[1] = torch.export.Dim("time", min=lengths.shortest)
        # What torch keeps of one trace, above all of one that failed, can fix sizes in the next.
        torch.compiler.reset()
        try:
            return trace(Example(inputs, states, axes, rows)), lengths
        except Exception as error:  # torch's own exceptions, of many classes
            reason = str(error).strip().partition("\n")[0]
    raise MisfitError(f"{failure}: {reason}")


@contextmanager
def kernel_of(model: AbstractModel, kernel: AbstractKernel) -> Iterator[None]:
    """Runs every recurrent layer of a model with one kernel inside a ``with`` block."""
    layers: list[tuple[Recurrent, Any]] = [
        (module, (module.kernels, module.chooses_by_size))
        for module in model.modules()
        if isinstance(module, Recurrent)
    ]
    for layer, _ in layers:
        layer.kernels, layer.chooses_by_size = (kernel,), False
    try:
        yield
    finally:
        for layer, (kernels, chooses_by_size) in layers:
            layer.kernels, layer.chooses_by_size = kernels, chooses_by_size
