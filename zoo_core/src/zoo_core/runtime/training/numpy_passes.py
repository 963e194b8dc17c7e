"""Backpropagation through time in NumPy: the passes of the cells through all steps.

The equations are those of ``zoo_core.runtime.kernels.portable``, which says how the derivatives
follow. Every cell reads two sums in each step. One is p = W_ih x + b_ih, which is computed for all
steps beforehand. The other is q = W_hh h + b_hh, which needs the state h before the step.

Backpropagation through time is the chain rule from the last step to the first. In each of them:

1. The gradient of the new state, dh', is that of this step's output, plus what the step after it
   has passed back.
2. The gradients of the sums, dp and dq, are dh' times derivatives of the cell's functions. These
   factors do not depend on dh', so they are computed for all steps at once.
3. The step before gets W_hhᵀ dq, and what reaches h on other ways.

A step adds dq hᵀ to the gradient of W_hh. The sum over all steps is one product of matrices, which
the caller makes afterwards, as it does for the gradients of the other weights.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import Any, NamedTuple, TypeAlias, final

import numpy as np
import numpy.typing as npt

Array: TypeAlias = npt.NDArray[Any]


@final
class SumGradients(NamedTuple):
    """The gradients of both sums.

    Args:
        projected: dp, (T, B, G).
        recurrent: dq, (T, B, G); the same array where the cell adds the sums.
    """

    projected: Array
    recurrent: Array


class AbstractNumpyPasses(ABC):
    """A cell's equations through all time steps, and their derivatives."""

    @abstractmethod
    def forward(
        self, projected: Array, weight: Array, bias: Array | float, states: tuple[Array, ...]
    ) -> tuple[Array, ...]:
        """Computes the states of all steps.

        Args:
            projected: p, (T, B, G).
            weight: W_hh, (G, H).
            bias: b_hh, (G,), or 0.
            states: For each tensor of the state, (T + 1, B, H): the state before the first step,
                and room for that after each step.

        Returns:
            What ``backward`` needs besides the states.
        """

    @abstractmethod
    def backward(
        self, weight: Array, states: tuple[Array, ...], saved: tuple[Array, ...], d_outputs: Array
    ) -> SumGradients:
        """Propagates the gradient through all steps.

        Args:
            weight: W_hh, (G, H).
            states: As ``forward`` left them.
            saved: The result of ``forward``.
            d_outputs: The gradients of the outputs, (T, B, H).
        """


@final
class NumpyRnn(AbstractNumpyPasses):
    """The equation h' = φ(p + q), and its derivative dp = dq = dh' ⊙ φ'.

    Args:
        nonlinearity: φ, ``tanh`` or ``relu``.
    """

    def __init__(self, nonlinearity: str) -> None:
        self._is_tanh = nonlinearity == "tanh"

    def forward(
        self, projected: Array, weight: Array, bias: Array | float, states: tuple[Array, ...]
    ) -> tuple[Array, ...]:
        """See AbstractNumpyPasses."""
        (hidden,) = states
        transposed = _transpose(weight)
        for t, p in enumerate(projected):
            q = hidden[t] @ transposed + bias
            hidden[t + 1] = np.tanh(p + q) if self._is_tanh else np.maximum(p + q, 0)
        return ()

    def backward(
        self, weight: Array, states: tuple[Array, ...], saved: tuple[Array, ...], d_outputs: Array
    ) -> SumGradients:
        """See AbstractNumpyPasses."""
        after = states[0][1:]
        slopes = 1 - after * after if self._is_tanh else after > 0  # φ', by the value of φ
        d_sums = np.empty_like(d_outputs)
        passed_back = np.zeros_like(d_outputs[0])
        for t in reversed(range(len(d_outputs))):
            d_hidden = d_outputs[t] + passed_back
            d_sums[t] = d_hidden * slopes[t]
            passed_back = d_sums[t] @ weight
        return SumGradients(d_sums, d_sums)


@final
class NumpyLstm(AbstractNumpyPasses):
    """The equations c' = f ⊙ c + i ⊙ g and h' = o ⊙ tanh(c'), and their derivatives.

    The gates i, f, o = σ(p + q) and g = tanh(p + q) lie side by side in the order i f g o. dp = dq
    are as in ``LstmPasses``. Beside dh' runs the gradient of the cell state: dc' is what the step
    after has passed back, plus dh' ⊙ o ⊙ (1 - tanh²(c')). The step before gets dc' ⊙ f of it.
    """

    def forward(
        self, projected: Array, weight: Array, bias: Array | float, states: tuple[Array, ...]
    ) -> tuple[Array, ...]:
        """See AbstractNumpyPasses."""
        hidden, cell = states
        steps, rows, width = hidden[1:].shape
        transposed = _transpose(weight)
        gates = np.empty((steps, rows, 4, width), hidden.dtype)
        tanh_cell = np.empty_like(hidden[1:])  # tanh(c')
        for t, p in enumerate(projected):
            q = hidden[t] @ transposed + bias
            sums = (p + q).reshape(rows, 4, width)
            gates[t] = _sigmoid(sums)
            gates[t, :, 2] = np.tanh(sums[:, 2])
            i, f, g, o = gates[t].swapaxes(0, 1)
            cell[t + 1] = f * cell[t] + i * g
            tanh_cell[t] = np.tanh(cell[t + 1])
            hidden[t + 1] = o * tanh_cell[t]
        return gates, tanh_cell

    def backward(
        self, weight: Array, states: tuple[Array, ...], saved: tuple[Array, ...], d_outputs: Array
    ) -> SumGradients:
        """See AbstractNumpyPasses."""
        (_, cell), (gates, tanh_cell) = states, saved
        i, f, g, o = gates.transpose(2, 0, 1, 3)
        cell_slopes = o * (1 - tanh_cell * tanh_cell)
        d_gates = np.empty_like(gates)  # the factors, later times dc' or dh'
        d_gates[:, :, 0] = g * i * (1 - i)
        d_gates[:, :, 1] = cell[:-1] * f * (1 - f)
        d_gates[:, :, 2] = i * (1 - g * g)
        d_gates[:, :, 3] = tanh_cell * o * (1 - o)
        d_sums = d_gates.reshape(*d_outputs.shape[:2], -1)
        passed_back = passed_back_cell = np.zeros_like(d_outputs[0])
        for t in reversed(range(len(d_outputs))):
            d_hidden = d_outputs[t] + passed_back
            d_cell = d_hidden * cell_slopes[t] + passed_back_cell
            d_gates[t, :, :3] *= d_cell[:, np.newaxis]
            d_gates[t, :, 3] *= d_hidden
            passed_back = d_sums[t] @ weight
            passed_back_cell = d_cell * f[t]
        return SumGradients(d_sums, d_sums)


@final
class NumpyGru(AbstractNumpyPasses):
    """The equation h' = n + z ⊙ (h - n) with n = tanh(p_n + r ⊙ q_n), and its derivatives.

    Here r, z = σ(p + q), and the gates lie side by side in the order r z n. dp and dq are as in
    ``GruPasses``; they differ in n only, where dq_n = dp_n ⊙ r. As h' contains z ⊙ h, the step
    before also gets dh' ⊙ z.
    """

    def forward(
        self, projected: Array, weight: Array, bias: Array | float, states: tuple[Array, ...]
    ) -> tuple[Array, ...]:
        """See AbstractNumpyPasses."""
        (hidden,) = states
        steps, rows, width = hidden[1:].shape
        transposed = _transpose(weight)
        gates = np.empty((steps, rows, 3, width), hidden.dtype)
        recurrent_n = np.empty_like(hidden[1:])  # q_n
        for t, p in enumerate(projected.reshape(gates.shape)):
            q = (hidden[t] @ transposed + bias).reshape(rows, 3, width)
            recurrent_n[t] = q[:, 2]
            gates[t, :, :2] = _sigmoid(p[:, :2] + q[:, :2])
            r, z, n = gates[t].swapaxes(0, 1)
            n[:] = np.tanh(p[:, 2] + r * q[:, 2])
            hidden[t + 1] = n + z * (hidden[t] - n)
        return gates, recurrent_n

    def backward(
        self, weight: Array, states: tuple[Array, ...], saved: tuple[Array, ...], d_outputs: Array
    ) -> SumGradients:
        """See AbstractNumpyPasses."""
        (hidden,), (gates, recurrent_n) = states, saved
        r, z, n = gates.transpose(2, 0, 1, 3)
        slopes_n = (1 - z) * (1 - n * n)
        d_gates = np.empty_like(gates)  # the factors of dq, later times dh'
        d_gates[:, :, 0] = slopes_n * recurrent_n * r * (1 - r)
        d_gates[:, :, 1] = (hidden[:-1] - n) * z * (1 - z)
        d_gates[:, :, 2] = slopes_n * r
        d_recurrent = d_gates.reshape(*d_outputs.shape[:2], -1)
        d_hidden = np.empty_like(d_outputs)
        passed_back = np.zeros_like(d_outputs[0])
        for t in reversed(range(len(d_outputs))):
            d_hidden[t] = d_outputs[t] + passed_back
            d_gates[t] *= d_hidden[t, :, np.newaxis]
            passed_back = d_recurrent[t] @ weight + d_hidden[t] * z[t]
        d_projected = d_recurrent.copy()
        d_projected.reshape(gates.shape)[:, :, 2] = d_hidden * slopes_n
        return SumGradients(d_projected, d_recurrent)


NUMPY_PASSES: dict[str, AbstractNumpyPasses] = {
    "rnn-tanh": NumpyRnn("tanh"),
    "rnn-relu": NumpyRnn("relu"),
    "lstm": NumpyLstm(),
    "gru": NumpyGru(),
}


def _sigmoid(x: Array) -> Array:
    """Returns σ(x)."""
    result: Array = 1 / (1 + np.exp(-x))
    return result


def _transpose(weight: Array) -> Array:
    """Returns Wᵀ, (H, G), side by side in memory: products with few rows are faster so."""
    return np.ascontiguousarray(weight.T)
