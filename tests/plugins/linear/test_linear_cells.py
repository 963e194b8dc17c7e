"""Every linear cell against a transcription of its paper in NumPy, in float64.

The transcriptions run one row at a time, in the notation of the papers. A gradient of theirs is a
central difference.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from tests.plugins.transcription import Array, State, Weights, run_oracle, weighted
from zoo_core.errors import ConfigError
from zoo_core.runtime.nn import AbstractCell, Recurrent
from zoo_core.runtime.nn.state import rebuild
from zoo_linear.configs import LruConfig
from zoo_linear.kernel import LinearScanKernel
from zoo_linear.lru import LruCell
from zoo_linear.minimal import MinGruCell, MinLstmCell
from zoo_linear.qrnn import QrnnCell
from zoo_linear.rg_lru import RgLruCell
from zoo_linear.s4d import S4dCell
from zoo_linear.s6 import S6Cell
from zoo_linear.sru import SruCell

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


def qrnn(w: Weights, x: Array, state: State) -> tuple[Array, State]:
    """Bradbury et al., equations 2 and 4; the state holds the second tap of the convolution."""
    now, later = np.split(w["weight_ih"], 2)
    z, f, o = np.split(now @ x + state[1][0] + w.get("bias", np.zeros(3 * H)), 3)
    c = sigmoid(f) * state[0] + (1 - sigmoid(f)) * np.tanh(z)
    return sigmoid(o) * c, (c, (later @ x)[None])


def rg_lru(w: Weights, x: Array, state: State) -> tuple[Array, State]:
    """De et al., equations 1 to 4, with c = 8; a is a power, not computed from its logarithm."""
    r, i, u = sums(w, x, 3)
    a = sigmoid(-w["decay"]) ** (8 * sigmoid(r))
    h = a * state[0] + np.sqrt(1 - a**2) * (sigmoid(i) * u)
    return h, (h,)


def gelu(x: Array) -> Array:
    normal: Array = np.vectorize(lambda v: (1 + math.erf(v / math.sqrt(2))) / 2)(x)
    return x * normal


def s4d_parts(w: Weights) -> tuple[Array, Array, Array]:
    """A, Δ and C of an S4D."""
    a = -np.exp(w["log_decay"]) + 1j * w["frequency"]
    return a, np.exp(w["log_step"])[:, None], w["c_real"] + 1j * w["c_imaginary"]


def mixed(w: Weights, y: Array) -> Array:
    """GELU, and the linear map with a gate that mixes the channels of an S4D."""
    value, gate = np.split(w["weight_out"] @ gelu(y) + w.get("bias_out", np.zeros(2 * H)), 2)
    return value * sigmoid(gate)


def s4d(w: Weights, x: Array, state: State) -> tuple[Array, State]:
    """Gu, Gupta, Goel & Ré, section 2, with zero-order hold and B = 1."""
    a, step, c = s4d_parts(w)
    u = w["weight_ih"] @ x + w.get("bias_ih", np.zeros(H))
    s = np.exp(step * a) * (state[0] + 1j * state[1]) + (np.exp(step * a) - 1) / a * u[:, None]
    y = 2 * (c * s).sum(1).real + w["skip"] * u
    return mixed(w, y), (s.real, s.imag)


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def s6(w: Weights, x: Array, state: State, *, negative: bool = False) -> tuple[Array, State]:
    """Gu & Dao, algorithm 2 and figure 3, step by step; negative: Grazzi et al."""
    s, recent = state
    channels, states = s.shape
    u, z = np.split(w["weight_ih"] @ x + w.get("bias_ih", np.zeros(2 * channels)), 2)
    window = np.concatenate([recent, u[None]])
    v = silu((w["convolution"].T * window).sum(0) + w["convolution_bias"])
    w_delta, w_b, w_c = np.split(w["weight_select"], [-2 * states, -states])
    delta = np.log1p(np.exp(w["weight_step"] @ (w_delta @ v) + w["bias_step"]))
    a = np.exp(delta[:, None] * -np.exp(w["log_decay"]))
    s = (2 * a - 1 if negative else a) * s + np.outer(delta * v, w_b @ v)
    y = s @ (w_c @ v) + w["skip"] * v
    return w["weight_out"] @ (y * silu(z)) + w.get("bias_out", np.zeros(H)), (s, window[1:])


def sru(w: Weights, x: Array, state: State) -> tuple[Array, State]:
    """Lei et al., equations 1 to 4 and section 3.2, with a bias of the highway that starts at 0."""
    (c,) = state
    matrices = np.split(w["weight"], len(w["weight"]) // H)
    v_f, v_r = np.split(w["state_weight"], 2)
    b_f, b_r = np.split(w.get("bias", np.zeros(2 * H)), 2)
    f = sigmoid(matrices[1] @ x + v_f * c + b_f)
    r = sigmoid(matrices[2] @ x + v_r * c + b_r)
    c = f * c + (1 - f) * (matrices[0] @ x)
    highway = matrices[3] @ x if len(matrices) == 4 else math.sqrt(3) * x
    return r * c + (1 - r) * highway, (c,)


class Example(NamedTuple):
    """A cell and the transcription of its paper."""

    make: Callable[[], AbstractCell[Any]]
    oracle: Callable[[Weights, Array, State], tuple[Array, State]]
    input_size: int = F


EXAMPLES = {
    "mingru": Example(lambda: MinGruCell(H), min_gru),
    "mingru-no-bias": Example(lambda: MinGruCell(H, bias=False), min_gru),
    "mingru-positive": Example(lambda: MinGruCell(H, "positive"), positive_min_gru),
    "minlstm": Example(lambda: MinLstmCell(H), min_lstm),
    "lru": Example(lambda: LruCell(H), lru),
    "lru-bias": Example(lambda: LruCell(H, bias=True, min_radius=0.5, max_radius=0.9), lru),
    "qrnn": Example(lambda: QrnnCell(H), qrnn),
    "qrnn-no-bias": Example(lambda: QrnnCell(H, bias=False), qrnn),
    "rg-lru": Example(lambda: RgLruCell(H), rg_lru),
    "rg-lru-no-bias": Example(lambda: RgLruCell(H, bias=False), rg_lru),
    "s4d": Example(lambda: S4dCell(H, state_size=2), s4d),
    "s4d-no-bias": Example(lambda: S4dCell(H, state_size=1, bias=False), s4d),
    "s6": Example(lambda: S6Cell(H, state_size=2), s6),
    "s6-bias": Example(
        lambda: S6Cell(H, state_size=3, expansion=1, window=2, rank=2, bias=True), s6
    ),
    "s6-negative": Example(
        lambda: S6Cell(H, state_size=2, negative_eigenvalues=True), partial(s6, negative=True)
    ),
    "sru": Example(lambda: SruCell(H), sru),
    "sru-no-bias": Example(lambda: SruCell(H, bias=False), sru),
    "sru-of-one-width": Example(lambda: SruCell(H), sru, input_size=H),
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
    layer = Recurrent(example.make(), example.input_size).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    layer.kernels = (LinearScanKernel(), *layer.kernels)
    weights = layer.weights(0, 0)
    inputs = torch.randn(B, T, example.input_size, dtype=torch.float64, requires_grad=True)
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


def test_the_matrices_of_an_lru_start_with_the_variances_of_its_paper() -> None:
    torch.manual_seed(0)
    weights = Recurrent(LruCell(400), F).weights(0, 0)
    parts = weights["weight_ih"].square().mean(1).view(3, 400).mean(1)
    assert torch.allclose(parts, torch.tensor([0.5, 0.5, 1.0]) / F, rtol=0.15)
    for name in ("c_real", "c_imaginary"):
        assert weights[name].var().item() == pytest.approx(1 / 400, rel=0.02)


def test_a_phase_that_is_drawn_as_zero_starts_finite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "rand", torch.zeros)
    theta = LruCell(3).initial_value("theta", (3,))
    assert theta is not None
    assert theta.isfinite().all()


def test_an_open_gate_of_an_rg_lru_starts_between_the_decays() -> None:
    torch.manual_seed(0)
    weights = Recurrent(RgLruCell(400, min_decay=0.5, max_decay=0.9), F).weights(0, 0)
    decays = weights["decay"].neg().sigmoid() ** 8
    assert 0.499 < decays.min() < 0.51
    assert 0.89 < decays.max() < 0.901


@pytest.mark.parametrize("decay", [1e-300, 1 - 1e-12])
def test_a_decay_that_rounds_to_0_or_1_starts_finite(decay: float) -> None:
    layer = Recurrent(RgLruCell(2, min_decay=decay, max_decay=decay), F)
    weights = layer.weights(0, 0)
    assert weights["decay"].isfinite().all()
    outputs, _ = layer(torch.randn(1, 5, F))
    gradients = torch.autograd.grad(outputs.sum(), list(weights.values()))
    assert all(gradient.isfinite().all() for gradient in gradients)


def test_a_shut_gate_of_an_rg_lru_has_a_gradient() -> None:
    cell = RgLruCell(1)
    weights = {"weight_ih": torch.ones(3, 1), "bias_ih": torch.zeros(3), "decay": torch.zeros(1)}
    inputs = torch.full((1, 1), -200.0, requires_grad=True)  # the gates are 0 in single precision
    output, _ = cell.step(weights, cell.project(weights, inputs), cell.initial_state(1, inputs))
    (gradient,) = torch.autograd.grad(output.sum(), [inputs])
    assert gradient.isfinite().all()


def test_an_s4d_is_the_convolution_of_its_paper() -> None:
    torch.manual_seed(0)
    layer = Recurrent(S4dCell(H, state_size=4), F).double()
    inputs = torch.randn(1, 20, F, dtype=torch.float64)
    outputs = layer(inputs)[0][0].detach().numpy()
    w = {name: value.detach().numpy() for name, value in layer.weights(0, 0).items()}
    a, step, c = s4d_parts(w)
    powers = np.exp(step * a)[..., None] ** np.arange(20)  # (H, N, T)
    kernel = 2 * ((c * (np.exp(step * a) - 1) / a)[..., None] * powers).sum(1).real
    u = inputs[0].numpy() @ w["weight_ih"].T + w["bias_ih"]
    y = np.stack([np.convolve(kernel[unit], u[:, unit])[:20] for unit in range(H)], axis=1)
    expected = np.stack([mixed(w, row) for row in y + w["skip"] * u])
    assert np.abs(outputs - expected).max() < 1e-12


def test_an_s4d_starts_as_its_paper_says() -> None:
    torch.manual_seed(0)
    weights = Recurrent(S4dCell(300, state_size=3), F).weights(0, 0)
    assert torch.allclose(weights["log_decay"].exp(), torch.tensor(0.5))
    assert torch.allclose(weights["frequency"], math.pi * torch.arange(3.0))
    steps = weights["log_step"].exp()
    assert 0.001 <= steps.min() < 0.0011
    assert 0.09 < steps.max() <= 0.1


def test_an_s6_starts_as_the_authors_code_does() -> None:
    torch.manual_seed(0)
    weights = Recurrent(S6Cell(200, state_size=3), F).weights(0, 0)
    assert torch.allclose(weights["log_decay"].exp(), torch.arange(1.0, 4.0))
    steps = torch.nn.functional.softplus(weights["bias_step"])
    assert 0.00099 <= steps.min() < 0.0011
    assert 0.09 < steps.max() <= 0.1001
    assert weights["weight_step"].shape == (400, 13)


@pytest.mark.parametrize(("draw", "step"), [(torch.zeros, 0.001), (torch.ones, 0.1)])
def test_the_step_of_an_s6_for_an_average_input_is_the_one_drawn(
    monkeypatch: pytest.MonkeyPatch, draw: Callable[..., torch.Tensor], step: float
) -> None:
    monkeypatch.setattr(torch, "rand", draw)
    bias = S6Cell(3).initial_value("bias_step", (6,))
    assert bias is not None
    assert torch.allclose(torch.nn.functional.softplus(bias), torch.tensor(step), rtol=1e-4)


def test_the_step_of_an_s4d_loses_no_digits_in_single_precision() -> None:
    torch.manual_seed(0)
    weights = Recurrent(S4dCell(50), F).weights(0, 0)
    wide = {name: value.double() for name, value in weights.items()}
    pairs = zip(S4dCell(50).discretised(weights), S4dCell(50).discretised(wide), strict=True)
    for single, double in pairs:
        assert ((single - double).abs() <= 1e-6 * double.abs().max()).all()


def test_an_sru_takes_symbols_of_its_own_width() -> None:
    cell = SruCell(H)
    weights = Recurrent(cell, H).double().weights(0, 0)
    tokens = torch.tensor([[2, 0]])
    one_hot = torch.eye(H, dtype=torch.float64)[tokens]
    difference = cell.project(weights, tokens) - cell.project(weights, one_hot)
    assert difference.abs().max() < 1e-12


def test_a_low_bias_of_the_highway_lets_inputs_of_an_sru_pass() -> None:
    torch.manual_seed(0)
    layer = Recurrent(SruCell(H, highway_bias=-20.0), H)
    inputs = torch.randn(2, 5, H)
    assert torch.allclose(layer(inputs)[0], inputs, atol=1e-3)


def test_the_matrices_of_an_sru_start_with_the_variances_of_its_paper() -> None:
    torch.manual_seed(0)
    weights = Recurrent(SruCell(400), F).weights(0, 0)
    parts = weights["weight"].square().mean(1).view(4, 400).mean(1)
    expected = torch.tensor([1.0, 0.5, 0.5, SruCell(400).scale ** 2]) / F
    assert torch.allclose(parts, expected, rtol=0.15)


def test_a_ring_without_a_width_is_refused() -> None:
    with pytest.raises(ConfigError, match=r"expected < model\.max_radius = 0\.5$"):
        LruConfig(min_radius=0.5, max_radius=0.5)
