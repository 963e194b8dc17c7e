"""Every linear cell against a transcription of its paper in NumPy, in float64.

The transcriptions run one row at a time, in the notation of the papers. A gradient of theirs is a
central difference.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from tests.plugins.transcription import Array, State, Weights, run_oracle, weighted
from zoo_core.runtime.nn import AbstractCell, Recurrent
from zoo_core.runtime.nn.state import rebuild
from zoo_linear.kernel import LinearScanKernel
from zoo_linear.lru import LruCell
from zoo_linear.minimal import MinGruCell, MinLstmCell

F, H, B, T = 2, 3, 2, 4
STEP = 1e-6


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def sums(w: Weights, x: Array, parts: int) -> list[Array]:
    return np.split(w["weight_ih"] @ x + w.get("bias_ih", np.zeros(parts * H)), parts)


def positive(x: Array) -> Array:
    return np.where(x >= 0, x + 0.5, sigmoid(x))


def min_gru(w: Weights, x: Array, state: State) -> tuple[Array, State]:
    z, candidate = sums(w, x, 2)
    h = (1 - sigmoid(z)) * state[0] + sigmoid(z) * candidate
    return h, (h,)


def positive_min_gru(w: Weights, x: Array, state: State) -> tuple[Array, State]:
    z, candidate = sums(w, x, 2)
    h = (1 - sigmoid(z)) * state[0] + sigmoid(z) * positive(candidate)
    return h, (h,)


def min_lstm(w: Weights, x: Array, state: State) -> tuple[Array, State]:
    f, i, candidate = sums(w, x, 3)
    f, i = sigmoid(f), sigmoid(i)
    h = f / (f + i) * state[0] + i / (f + i) * candidate
    return h, (h,)


def lru(w: Weights, x: Array, state: State) -> tuple[Array, State]:
    """Orvieto et al., appendix A, with a matrix D."""
    b_real, b_imaginary, d = np.split(w["weight_ih"], 3)
    eigenvalues = np.exp(-np.exp(w["nu"]) + 1j * np.exp(w["theta"]))
    b = (b_real + 1j * b_imaginary) * np.exp(w["gamma"])[:, None]
    s = eigenvalues * (state[0] + 1j * state[1]) + b @ x
    c = w["c_real"] + 1j * w["c_imaginary"]
    y = (c @ s).real + d @ x + w.get("bias", np.zeros(H))
    return y, (s.real, s.imag)


class Example(NamedTuple):
    """A cell and the transcription of its paper."""

    make: Callable[[], AbstractCell[Any]]
    oracle: Callable[[Weights, Array, State], tuple[Array, State]]


EXAMPLES = {
    "mingru": Example(lambda: MinGruCell(H), min_gru),
    "mingru-no-bias": Example(lambda: MinGruCell(H, bias=False), min_gru),
    "mingru-positive": Example(lambda: MinGruCell(H, "positive"), positive_min_gru),
    "minlstm": Example(lambda: MinLstmCell(H), min_lstm),
    "lru": Example(lambda: LruCell(H), lru),
    "lru-bias": Example(lambda: LruCell(H, bias=True, min_radius=0.5, max_radius=0.9), lru),
}


def difference_gradient(loss: Callable[[], Any], array: Array) -> Array:
    """The gradient of a loss by an array, each of whose entries is moved in turn."""
    gradient = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        before = array[index]
        array[index] = before + STEP
        above = loss()
        array[index] = before - STEP
        gradient[index] = (above - loss()) / (2 * STEP)
        array[index] = before
    return gradient


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_cell_gives_what_its_paper_says(name: str) -> None:
    example = EXAMPLES[name]
    torch.manual_seed(0)
    layer = Recurrent(example.make(), F).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    layer.kernels = (LinearScanKernel(), *layer.kernels)
    weights = layer.weights(0, 0)
    inputs = torch.randn(B, T, F, dtype=torch.float64, requires_grad=True)
    zeros = layer.initial_state(B)[0]
    start = rebuild(zeros, (torch.randn_like(part).requires_grad_() for part in zeros))
    outputs, (after,) = layer(inputs, (start,))
    variables = {**weights, "inputs": inputs, **dict(zip(start._fields, start, strict=True))}
    loss = weighted([outputs, *after], torch.arange)
    values = torch.autograd.grad(loss, list(variables.values()))
    gradients = dict(zip(variables, values, strict=True))

    arrays = {key: value.detach().numpy().copy() for key, value in variables.items()}
    states = tuple(arrays[field] for field in start._fields)

    def run() -> list[Array]:
        return run_oracle(example.oracle, arrays, arrays["inputs"], states)

    for expected, actual in zip(run(), [outputs, *after], strict=True):
        assert np.abs(expected - actual.detach().numpy()).max() < 1e-12
    for key, array in arrays.items():
        gradient = difference_gradient(lambda: weighted(run(), np.arange), array)
        assert np.abs(gradient - gradients[key].numpy()).max() < 1e-6, key


def test_the_eigenvalues_of_an_lru_start_on_the_ring() -> None:
    torch.manual_seed(0)
    cell = LruCell(400, min_radius=0.5, max_radius=0.9, max_phase=1.0)
    weights = Recurrent(cell, F).weights(0, 0)
    real, imaginary = cell.eigenvalues(weights)
    radius, phase = torch.complex(real, imaginary).abs(), torch.atan2(imaginary, real)
    assert 0.499 < radius.min() < 0.55
    assert 0.87 < radius.max() < 0.901
    assert 0 <= phase.min() < 0.05
    assert 0.95 < phase.max() <= 1.0
    assert torch.allclose(weights["gamma"].exp().square(), 1 - radius.square(), atol=1e-5)
