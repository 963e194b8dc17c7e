"""The interface of cells whose recurrence is linear."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, NamedTuple, TypeVar

from torch import Tensor

from zoo_core.runtime.nn import AbstractScannedCell, HiddenState, LinearScan, Weights

S = TypeVar("S", bound=NamedTuple)


class AbstractLinearCell(AbstractScannedCell[S], Generic[S]):
    """A cell whose state changes by h' = a ⊙ h + b, where a and b depend on the input alone.

    N is the width of the state. The state starts at zeros.
    """

    @abstractmethod
    def coefficients(self, weights: Weights, projected: Tensor) -> tuple[Tensor, Tensor]:
        """Returns a and b, (..., N) each, real or complex.

        An a that is the same at every step may be (N,).

        Args:
            weights: The cell's weights.
            projected: The projected inputs, (..., G), or what the steps see of them, (..., M).
        """

    @abstractmethod
    def merge(self, state: S) -> Tensor:
        """Returns h (B, N), of the type of a and b."""

    @abstractmethod
    def split(self, hidden: Tensor, state: S) -> S:
        """Reverses ``merge``.

        Args:
            hidden: h, (B, N).
            state: The state whose other tensors, if it has any, the new one takes.
        """

    def look_back(
        self,
        weights: Weights,
        projected: Tensor,
        state: S,
        starts: Tensor | None,
        lengths: Tensor | None,
    ) -> tuple[Tensor, S]:
        """Returns what every step sees of the inputs; by default its own input alone.

        Args:
            weights: The cell's weights.
            projected: The projected inputs in the order of the recurrence, (B, T, G).
            state: The state before the first step.
            starts: The steps before which the state becomes zeros, (B, T), bool.
            lengths: The number of valid steps of each row, (B,).

        Returns:
            What the steps see, (B, T, M), which ``coefficients`` and ``read`` get, and the state
            with what later steps will see of these inputs.
        """
        return projected, state

    @abstractmethod
    def read(self, weights: Weights, projected: Tensor, hidden: Tensor) -> Tensor:
        """Returns the outputs (..., P).

        Args:
            weights: The cell's weights.
            projected: The projected inputs, (..., G), or what the steps see of them, (..., M).
            hidden: The states after the steps, (..., N).
        """

    def run(
        self,
        scan: LinearScan,
        weights: Weights,
        projected: Tensor,
        state: S,
        *,
        starts: Tensor | None,
        lengths: Tensor | None,
    ) -> tuple[Tensor, S]:
        """See AbstractScannedCell."""
        seen, state = self.look_back(weights, projected, state, starts, lengths)
        decay, added = self.coefficients(weights, seen)
        hidden = scan(decay, added, self.merge(state), starts=starts, lengths=lengths)
        return self.read(weights, seen, hidden), self.split(hidden[:, -1], state)


class AbstractRealCell(AbstractLinearCell[HiddenState]):
    """A linear cell with a real state that is its output, N = P = H.

    The weights are ``weight_ih`` (G, F) and ``bias_ih`` (G,), with G = parts · H.

    Args:
        hidden_size: H.
        bias: Whether the cell has a bias.

    Attributes:
        parts: The number of gates, the candidate included.
    """

    parts: int

    def __init__(self, hidden_size: int, bias: bool = True) -> None:
        self.hidden_size = self.output_size = hidden_size
        self.has_bias = bias

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of ``weight_ih`` and the bias."""
        width = self.parts * self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (width, input_size)}
        return shapes | ({"bias_ih": (width,)} if self.has_bias else {})

    def initial_state(self, batch_size: int, like: Tensor) -> HiddenState:
        """Returns zeros, (B, H)."""
        return HiddenState(like.new_zeros(batch_size, self.hidden_size))

    def last_output(self, state: HiddenState) -> Tensor:
        """Returns the hidden state."""
        return state.hidden

    def merge(self, state: HiddenState) -> Tensor:
        """Returns the hidden state."""
        return state.hidden

    def split(self, hidden: Tensor, state: HiddenState) -> HiddenState:
        """Returns the hidden state as a state."""
        return HiddenState(hidden)

    def read(self, weights: Weights, projected: Tensor, hidden: Tensor) -> Tensor:
        """Returns the hidden states."""
        return hidden

    def step(
        self, weights: Weights, projected: Tensor, state: HiddenState
    ) -> tuple[Tensor, HiddenState]:
        """Projected input (B, G) and a state to the output (B, H) and the next state."""
        decay, added = self.coefficients(weights, projected)
        hidden = decay * state.hidden + added
        return hidden, HiddenState(hidden)
