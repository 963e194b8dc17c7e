"""Recurrent cells: equations over a mapping of weights, without parameters and without a loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Any, Generic, NamedTuple, TypeAlias, TypeVar

from torch import Tensor
from torch.nn.functional import embedding, linear

from zoo_core.runtime.nn.state import HiddenState

Weights: TypeAlias = Mapping[str, Tensor]
"""The weights of one layer and direction, by the cell's names."""

S = TypeVar("S", bound=NamedTuple)


class AbstractCell(ABC, Generic[S]):
    """One step of a recurrence.

    In the shapes, B is the batch, T the number of steps, F the width of the inputs, H the width
    of the hidden state, P the width of the output, and G the width of a projected input.

    Attributes:
        name: The name by which kernels recognise the cell.
        hidden_size: H.
        output_size: P; equal to H unless the cell projects its output.
        takes_elapsed: Whether the cell takes the time since the step before. Where the data has
            times, ``project`` then gets inputs (B, T, F + 1), whose last number is that time, in
            the data's unit; elsewhere it gets (B, T, F), and every step counts as 1.
    """

    name: str
    hidden_size: int
    output_size: int
    takes_elapsed: bool = False

    @abstractmethod
    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shape of every weight by name, for inputs of width F.

        A name is any Python identifier. The layer adds ``_l0``, ``_l0_reverse`` and so on to it.
        Two names mean more to the layer: ``weight_ih`` (G, F) is multiplied with the inputs and
        nothing else, so that a kernel may fold the table of an embedding into it, and
        ``weight_hh`` (n · H, H) is what orthogonal initialization applies to.
        """

    def initial_value(self, name: str, shape: tuple[int, ...]) -> Tensor | None:
        """Returns the value that a weight starts from, such as ones for a gain.

        Args:
            name: The name of the weight, one of ``parameter_shapes``.
            shape: Its shape.

        Returns:
            A float32 tensor of that shape, or None for a draw from U(-1/√H, 1/√H). Random numbers
            come from torch's global generator.
        """
        return None

    @abstractmethod
    def initial_state(self, batch_size: int, like: Tensor) -> S:
        """Returns the state before the first step, in the dtype and on the device of ``like``.

        Every tensor of it has B rows on its first axis, whatever axes follow: a vector (B, H) and
        a matrix (B, H, H) are both fine.
        """

    def in_training(self) -> AbstractCell[S]:
        """Returns the cell as it computes in training; by default this one.

        A cell that is regularised by noise returns another one, whose ``step`` draws random numbers
        from torch's global generator. This one must draw none.
        """
        return self

    def last_output(self, state: S) -> Tensor | None:
        """Returns the output of the last step, (B, P), if the state holds it, otherwise None.

        With None, a model that predicts one label for each sequence takes the output of the last
        valid step from the outputs of all steps.
        """
        return None

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Computes what the inputs contribute, for all steps at once; by default W_ih x + b_ih.

        Args:
            weights: The cell's weights. By default W_ih is ``weight_ih`` (G, F) and b_ih
                ``bias_ih`` (G,), which may be missing.
            inputs: Features (B, T, F), or tokens (B, T) that stand for one-hot vectors.

        Returns:
            The projected inputs, (B, T, G). Each step depends on the input of that step alone.
        """
        weight, bias = weights["weight_ih"], weights.get("bias_ih")
        if inputs.is_floating_point():
            return linear(inputs, weight, bias)
        # The product of W and a one-hot vector is a column of W.
        columns = embedding(inputs, weight.t())
        return columns if bias is None else columns + bias

    @abstractmethod
    def step(self, weights: Weights, projected: Tensor, state: S) -> tuple[Tensor, S]:
        """Computes one step.

        Args:
            weights: The cell's weights.
            projected: The projected input of this step, (B, G).
            state: The state before this step.

        Returns:
            The output (B, P) and the state after this step.
        """

    def gate(self, name: str, value: Tensor) -> Tensor:
        """Names the value of a gate inside ``step`` and returns it unchanged.

        What passes through here is what ``zoo inspect`` shows, so a step uses the returned tensor:
        ``forget = self.gate("forget", (x_f + h_f).sigmoid())``. A cell that names no gate is shown
        by its state alone.

        Args:
            name: The field's name for it: ``input``, ``forget``, ``output``, ``reset``,
                ``update``, ``candidate``; not the name of a tensor of the state.
            value: The gate after its activation, (B, H) or (B, ...).
        """
        return value


class GatedCell(AbstractCell[S]):
    """The base of cells whose gates are sums of an input part and a recurrent part.

    The weights are named and laid out as in ``torch.nn``: ``weight_ih`` (G, F), ``weight_hh``
    (G, P), ``bias_ih`` (G,) and ``bias_hh`` (G,), the gates one after the other, G = gates · H.
    ``project`` computes the input part. A subclass sets ``name`` and ``gates`` and writes ``step``.

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.

    Attributes:
        gates: The number of gates, the candidate included.
        state_type: The named tuple of the state. Its first tensor is the output (B, P), every
            other one is (B, H). A cell with another state overrides ``initial_state`` and
            ``last_output``.
        bias_names: The names of the biases.
    """

    gates: int
    state_type: type[Any] = HiddenState
    bias_names: tuple[str, ...] = ("bias_ih", "bias_hh")

    def __init__(self, hidden_size: int, bias: bool = True) -> None:
        self.hidden_size = self.output_size = hidden_size
        if not bias:
            self.bias_names = ()

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of ``weight_ih``, ``weight_hh`` and the biases."""
        width = self.gates * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {
            "weight_ih": (width, input_size),
            "weight_hh": (width, self.output_size),
        }
        return shapes | dict.fromkeys(self.bias_names, (width,))

    def initial_state(self, batch_size: int, like: Tensor) -> S:
        """Returns zeros, (B, P) for the output and (B, H) for the rest of the state."""
        output, *others = self.state_type._fields
        widths = {output: self.output_size} | dict.fromkeys(others, self.hidden_size)
        state: S = self.state_type(
            **{name: like.new_zeros(batch_size, width) for name, width in widths.items()}
        )
        return state

    def last_output(self, state: S) -> Tensor | None:
        """Returns the first tensor of the state."""
        output: Tensor = state[0]
        return output
