"""What a recurrent cell is: equations over a mapping of weights, without parameters or a loop."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import Generic, NamedTuple, TypeAlias, TypeVar

from torch import Tensor
from torch.nn.functional import embedding, linear

Weights: TypeAlias = Mapping[str, Tensor]
S = TypeVar("S", bound=NamedTuple)


class AbstractCell(ABC, Generic[S]):
    """One step of a recurrence.

    The weights are torch's, by torch's names without layer and direction: ``weight_ih`` (G, F),
    ``weight_hh`` (G, H), ``bias_ih`` (G,), ``bias_hh`` (G,), where G is H times the number of
    gates. B is the batch, T the steps, F the input's width and H the hidden state's.

    Attributes:
        name: What kernels know the cell by.
        hidden_size: H.
        output_size: Width of the output and of the hidden state: H, or P where the cell projects
            its output.
    """

    name: str
    hidden_size: int
    output_size: int

    @abstractmethod
    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """The shape of every weight by name, for inputs of width F."""

    @abstractmethod
    def initial_state(self, batch_size: int, like: Tensor) -> S:
        """The state before the first step: zeros (B, H), of the dtype and device of ``like``."""

    @abstractmethod
    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """What the inputs contribute, for all steps at once.

        Args:
            weights: The cell's.
            inputs: Features (B, T, F), or tokens (B, T) in the place of one-hot vectors.

        Returns:
            (B, T, G).
        """

    @abstractmethod
    def step(self, weights: Weights, projected: Tensor, state: S) -> tuple[Tensor, S]:
        """One step: projected input (B, G) and a state to the output (B, H) and the next state."""


def project(inputs: Tensor, weight: Tensor, bias: Tensor | None) -> Tensor:
    """W x + b for all steps at once.

    Args:
        inputs: Features (B, T, F); or tokens (B, T), each of which picks its column of W, as the
            product with its one-hot vector would.
        weight: W, (G, F).
        bias: b, (G,).

    Returns:
        (B, T, G).
    """
    if inputs.is_floating_point():
        return linear(inputs, weight, bias)
    picked = embedding(inputs, weight.t())
    return picked if bias is None else picked + bias


def gate_shapes(
    gates: int, hidden_size: int, input_size: int, bias: bool
) -> dict[str, tuple[int, ...]]:
    """The shapes of torch's four weights for a cell with so many gates."""
    width = gates * hidden_size
    shapes: dict[str, tuple[int, ...]] = {
        "weight_ih": (width, input_size),
        "weight_hh": (width, hidden_size),
    }
    return shapes | ({"bias_ih": (width,), "bias_hh": (width,)} if bias else {})
