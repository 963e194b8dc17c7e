"""The quasi-recurrent network."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, final

from torch import Tensor

from zoo_core.runtime.nn import Weights
from zoo_linear.window_cell import AbstractWindowCell


@final
class QrnnState(NamedTuple):
    """The state of a QRNN.

    Args:
        cell: The pooled candidates c, (B, H).
        recent: What the gates will see of the last input, W_2 x, (B, 1, 3H).
    """

    cell: Tensor
    recent: Tensor


@final
class QrnnCell(AbstractWindowCell[QrnnState]):
    """The quasi-recurrent network: a convolution of two inputs, then fo-pooling.

        z = tanh(W_z x + V_z x⁻ + b_z)      candidate
        f = σ(W_f x + V_f x⁻ + b_f)         forget gate
        o = σ(W_o x + V_o x⁻ + b_o)         output gate
        c' = f ⊙ c + (1 - f) ⊙ z
        h = o ⊙ c'

    x is the input (B, F), x⁻ the one before it, which is zeros before the first step, c the cell
    state (B, H), h the output (B, H), σ the logistic function, ⊙ the element-wise product.
    ``weight_ih`` (6H, F) holds W_z, W_f, W_o, V_z, V_f and V_o one after the other, ``bias`` (3H,)
    the b. The state holds V x⁻ in the place of x⁻.

    Source: Bradbury et al. (2016), Quasi-Recurrent Neural Networks; the window of width 2 and
    fo-pooling.

    Args:
        hidden_size: H.
        bias: Whether the cell has biases.
    """

    name = "qrnn"

    def __init__(self, hidden_size: int, bias: bool = True) -> None:
        self.hidden_size = self.output_size = hidden_size
        self.has_bias = bias

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of ``weight_ih`` and the bias."""
        width = self.hidden_size
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (6 * width, input_size)}
        return shapes | ({"bias": (3 * width,)} if self.has_bias else {})

    def initial_state(self, batch_size: int, like: Tensor) -> QrnnState:
        """Returns zeros, (B, H) and (B, 1, 3H)."""
        width = self.hidden_size
        return QrnnState(
            like.new_zeros(batch_size, width), like.new_zeros(batch_size, 1, 3 * width)
        )

    def kept(self, projected: Tensor) -> Tensor:
        """Returns V x of projected inputs (..., 6H), (..., 3H)."""
        return projected[..., 3 * self.hidden_size :]

    def convolve(self, weights: Weights, projected: Tensor, earlier: Sequence[Tensor]) -> Tensor:
        """Returns the sums in z, f and o, (..., 3H)."""
        sums = projected[..., : 3 * self.hidden_size] + earlier[0]
        return sums + weights["bias"] if self.has_bias else sums

    def recent(self, state: QrnnState) -> Tensor:
        """Returns V x⁻, (B, 1, 3H)."""
        return state.recent

    def remember(self, state: QrnnState, recent: Tensor) -> QrnnState:
        """Returns the state with another V x⁻, (B, 1, 3H)."""
        return state._replace(recent=recent)

    def coefficients(self, weights: Weights, projected: Tensor) -> tuple[Tensor, Tensor]:
        """Returns f and (1 - f) ⊙ z of the sums (..., 3H), (..., H) each."""
        z, f, _ = projected.chunk(3, dim=-1)
        forget = self.gate("forget", f.sigmoid())
        return forget, (1 - forget) * self.gate("candidate", z.tanh())

    def merge(self, state: QrnnState) -> Tensor:
        """Returns c, (B, H)."""
        return state.cell

    def split(self, hidden: Tensor, state: QrnnState) -> QrnnState:
        """Returns the state with another c, (B, H)."""
        return state._replace(cell=hidden)

    def read(self, weights: Weights, projected: Tensor, hidden: Tensor) -> Tensor:
        """Returns h of the sums (..., 3H) and c' (..., H)."""
        return self.gate("output", projected.chunk(3, dim=-1)[2].sigmoid()) * hidden
