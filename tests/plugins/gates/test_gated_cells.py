"""Every gated cell against a transcription of its paper in NumPy, in float64.

The transcriptions run one row at a time, in the notation of the papers. A gradient of theirs is
the imaginary part of a complex step, which is exact up to rounding.
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
from zoo_core.testing.cases.model_cases import plain_cases
from zoo_core.testing.check import run_check
from zoo_core.testing.checks.sequences import long_sequences
from zoo_gates.coupled import CifgLstmCell
from zoo_gates.indrnn import IndRnnCell
from zoo_gates.janet import JanetCell
from zoo_gates.layer_norm import LayerNormLstmCell
from zoo_gates.mgu import MguCell
from zoo_gates.noise import RecurrentDropoutLstmCell, ZoneoutLstmCell
from zoo_gates.peephole import PeepholeLstmCell
from zoo_gates.plugin import zoo_models

F, H, B, T = 2, 3, 2, 4
STEP = 1e-30


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def bias(w: Weights, name: str, width: int) -> Array:
    return w.get(name, np.zeros(width * H))


def sums(w: Weights, x: Array, h: Array, gates: int) -> list[Array]:
    """W x + b_ih + U h + b_hh, cut into gates."""
    total = w["weight_ih"] @ x + bias(w, "bias_ih", gates)
    total = total + w["weight_hh"] @ h + bias(w, "bias_hh", gates)
    return np.split(total, gates)


def lstm(w: Weights, x: Array, state: State) -> State:
    h, c = state
    i, f, g, o = sums(w, x, h, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def normalized(z: Array, gain: Array) -> Array:
    mean = z.sum() / len(z)
    variance = ((z - mean) ** 2).sum() / len(z)
    result: Array = (z - mean) / np.sqrt(variance + 1e-5) * gain
    return result


def layer_norm_lstm(w: Weights, x: Array, state: State) -> State:
    """Ba, Kiros & Hinton, equations 20 to 22 of the supplement."""
    h, c = state
    total = normalized(w["weight_hh"] @ h, w["gain_hh"])
    total = total + normalized(w["weight_ih"] @ x, w["gain_ih"]) + bias(w, "bias", 4)
    i, f, g, o = np.split(total, 4)
    c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(normalized(c, w["gain_cell"]) + bias(w, "bias_cell", 1)), c


def peephole_lstm(w: Weights, x: Array, state: State) -> State:
    """Graves (2013), equations 7 to 11."""
    h, c = state
    i, f, g, o = sums(w, x, h, 4)
    i = sigmoid(i + w["peephole_input"] * c)
    f = sigmoid(f + w["peephole_forget"] * c)
    c = f * c + i * np.tanh(g)
    o = sigmoid(o + w["peephole_output"] * c)
    return o * np.tanh(c), c


def cifg_lstm(w: Weights, x: Array, state: State) -> State:
    """Greff et al., with f = 1 - i."""
    h, c = state
    i, g, o = sums(w, x, h, 3)
    c = (1 - sigmoid(i)) * c + sigmoid(i) * np.tanh(g)
    return sigmoid(o) * np.tanh(c), c


def zoneout_lstm(w: Weights, x: Array, state: State) -> State:
    """Krueger et al., with the expectation of the masks."""
    h, c = state
    new_h, new_c = lstm(w, x, state)
    return 0.3 * h + 0.7 * new_h, 0.4 * c + 0.6 * new_c


def mgu(w: Weights, x: Array, state: State) -> State:
    """Zhou et al., equations 6 to 8."""
    (h,) = state
    w_f, w_h = np.split(w["weight_ih"], 2)
    u_f, u_h = np.split(w["weight_hh"], 2)
    b_f, b_h = np.split(bias(w, "bias_ih", 2) + bias(w, "bias_hh", 2), 2)
    f = sigmoid(w_f @ x + u_f @ h + b_f)
    candidate = np.tanh(w_h @ x + u_h @ (f * h) + b_h)
    return ((1 - f) * h + f * candidate,)


def indrnn(w: Weights, x: Array, state: State) -> State:
    """Li et al., equation 4."""
    z = w["weight_ih"] @ x + w["recurrent"] * state[0] + bias(w, "bias_ih", 1)
    return (np.where(z.real > 0, z, 0),)


def janet(w: Weights, x: Array, state: State) -> State:
    """Van der Westhuizen & Lasenby, with β = 1."""
    (c,) = state
    s, g = sums(w, x, c, 2)
    return (sigmoid(s) * c + (1 - sigmoid(s - 1)) * np.tanh(g),)


class Example(NamedTuple):
    """A cell and the transcription of its paper."""

    make: Callable[..., AbstractCell[Any]]
    oracle: Callable[[Weights, Array, State], State]


EXAMPLES = {
    "layer-norm-lstm": Example(LayerNormLstmCell, layer_norm_lstm),
    "peephole-lstm": Example(PeepholeLstmCell, peephole_lstm),
    "cifg-lstm": Example(CifgLstmCell, cifg_lstm),
    "zoneout-lstm": Example(
        lambda width, bias: ZoneoutLstmCell(width, bias, 0.4, 0.3), zoneout_lstm
    ),
    "recurrent-dropout-lstm": Example(
        lambda width, bias: RecurrentDropoutLstmCell(width, bias, 0.3), lstm
    ),
    "mgu": Example(MguCell, mgu),
    "indrnn": Example(lambda width, bias: IndRnnCell(width, bias=bias), indrnn),
    "janet": Example(lambda width, bias: JanetCell(width, bias, chrono_steps=9), janet),
}
with_and_without_bias = pytest.mark.parametrize("has_bias", [True, False], ids=["bias", "no-bias"])


def complex_step_gradient(loss: Callable[[], Any], array: Array) -> Array:
    """The gradient of a loss by a complex array, each of whose entries is stepped in turn."""
    gradient = np.zeros(array.shape)
    for index in np.ndindex(array.shape):
        array[index] += STEP * 1j
        gradient[index] = loss().imag / STEP
        array[index] -= STEP * 1j
    return gradient


@with_and_without_bias
@pytest.mark.parametrize("name", EXAMPLES)
def test_a_cell_gives_what_its_paper_says(name: str, has_bias: bool) -> None:
    example = EXAMPLES[name]
    torch.manual_seed(0)
    layer = Recurrent(example.make(H, has_bias), F).double().eval()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    weights = layer.weights(0, 0)
    inputs = torch.randn(B, T, F, dtype=torch.float64, requires_grad=True)
    zeros = layer.initial_state(B)[0]
    start = rebuild(zeros, (torch.randn_like(part).requires_grad_() for part in zeros))
    outputs, (after,) = layer(inputs, (start,))
    variables = {**weights, "inputs": inputs, **dict(zip(start._fields, start, strict=True))}
    loss = weighted([outputs, *after], torch.arange)
    gradients = dict(
        zip(variables, torch.autograd.grad(loss, list(variables.values())), strict=True)
    )

    arrays = {key: value.detach().numpy().astype(complex) for key, value in variables.items()}
    states = tuple(arrays[field] for field in start._fields)

    def step(w: Weights, x: Array, state: State) -> tuple[Array, State]:
        after = example.oracle(w, x, state)
        return after[0], after  # every state begins with the output

    def run() -> list[Array]:
        return run_oracle(step, arrays, arrays["inputs"], states)

    for expected, actual in zip(run(), [outputs, *after], strict=True):
        assert np.abs(expected.real - actual.detach().numpy()).max() < 1e-12
    for key, array in arrays.items():
        gradient = complex_step_gradient(lambda: weighted(run(), np.arange), array)
        assert np.abs(gradient - gradients[key].numpy()).max() < 1e-11, key


def masks(draw: Callable[[], torch.Tensor], count: int) -> list[Array]:
    """What a cell draws in training, from the same seed."""
    torch.manual_seed(1)
    return [draw().numpy() for _ in range(count)]


def test_zoneout_keeps_the_units_that_it_draws() -> None:
    cell = ZoneoutLstmCell(H, zoneout_cell=0.5, zoneout_hidden=0.3)
    torch.manual_seed(0)
    layer = Recurrent(cell, F).double()
    weights = {key: value.detach().numpy() for key, value in layer.weights(0, 0).items()}
    inputs = torch.randn(1, T, F, dtype=torch.float64)
    drawn = masks(lambda: torch.rand(1, H, dtype=torch.float64), 2 * T)
    torch.manual_seed(1)
    outputs, _ = layer.train()(inputs)
    h, c = np.zeros(H), np.zeros(H)
    for t in range(T):
        keeps_c, keeps_h = drawn[2 * t][0] < 0.5, drawn[2 * t + 1][0] < 0.3
        new_h, new_c = lstm(weights, inputs[0, t].numpy(), (h, c))
        h, c = np.where(keeps_h, h, new_h), np.where(keeps_c, c, new_c)
        assert np.abs(outputs[0, t].detach().numpy() - h).max() < 1e-12


def test_recurrent_dropout_drops_candidates_and_scales_the_others() -> None:
    cell = RecurrentDropoutLstmCell(H, recurrent_dropout=0.5)
    torch.manual_seed(0)
    layer = Recurrent(cell, F).double()
    weights = {key: value.detach().numpy() for key, value in layer.weights(0, 0).items()}
    inputs = torch.randn(1, T, F, dtype=torch.float64)
    ones = torch.ones(1, H, dtype=torch.float64)
    drawn = masks(lambda: torch.nn.functional.dropout(ones, 0.5), T)
    assert {0.0, 2.0} == set(np.concatenate(drawn).flatten())
    torch.manual_seed(1)
    outputs, _ = layer.train()(inputs)
    h, c = np.zeros(H), np.zeros(H)
    for t in range(T):
        i, f, g, o = sums(weights, inputs[0, t].numpy(), h, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g) * drawn[t][0]
        h = sigmoid(o) * np.tanh(c)
        assert np.abs(outputs[0, t].detach().numpy() - h).max() < 1e-12


@pytest.mark.parametrize("make", [ZoneoutLstmCell, RecurrentDropoutLstmCell])
def test_noise_acts_in_training_alone(make: Any) -> None:
    layer = Recurrent(make(H, True, 0.5), F)
    inputs = torch.randn(B, T, F)
    assert torch.equal(layer.eval()(inputs)[0], layer(inputs)[0])
    assert not torch.equal(layer.train()(inputs)[0], layer(inputs)[0])


def test_chrono_initialization_spreads_the_memories_of_janet() -> None:
    torch.manual_seed(0)
    layer = Recurrent(JanetCell(500, chrono_steps=101), F)
    bias_ih, bias_hh = layer.weights(0, 0)["bias_ih"], layer.weights(0, 0)["bias_hh"]
    memories = bias_ih[:500].exp()
    assert 1 <= memories.min() < 3
    assert 95 < memories.max() <= 100
    assert memories.mean().item() == pytest.approx(50.5, abs=3)
    assert not bias_ih[500:].any()
    assert not bias_hh.any()


def test_the_units_of_an_indrnn_are_independent() -> None:
    layer = Recurrent(IndRnnCell(H, "tanh"), F)
    recurrent = layer.weights(0, 0)["recurrent"]
    assert 0 <= recurrent.min() <= recurrent.max() < 1
    start = torch.randn(1, H, requires_grad=True)
    outputs, _ = layer(torch.randn(1, T, F), (rebuild(layer.initial_state(1)[0], [start]),))
    (gradient,) = torch.autograd.grad(outputs[0, -1, 0], start)
    assert gradient[0, 0] != 0
    assert not gradient[0, 1:].any()


@pytest.mark.slow
def test_an_ill_conditioned_cell_with_a_fault_in_single_precision_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (spec,) = (spec for spec in zoo_models() if spec.name == "layer-norm-lstm")
    case = plain_cases(spec)[2]
    assert case.label().startswith("features per step")
    assert run_check(long_sequences, case) is None
    step = LayerNormLstmCell.step

    def faulty(self: Any, weights: Any, projected: torch.Tensor, state: Any) -> Any:
        fault = 1.02 if projected.dtype == torch.float32 else 1.0
        return step(self, weights, fault * projected, state)

    monkeypatch.setattr(LayerNormLstmCell, "step", faulty)
    assert run_check(long_sequences, case) is not None
