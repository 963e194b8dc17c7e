"""Every cell of zoo-matrix against a transcription of its paper in NumPy, in float64.

The transcriptions run one row and one head at a time, in the notation of the papers and without
their stabilizer. A gradient of theirs is a central difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
import pytest
import torch

from tests.plugins.transcription import Array, State, Weights, run_oracle, weighted
from zoo_core.runtime.nn import AbstractCell, LayerState, Recurrent
from zoo_core.runtime.nn.state import rebuild
from zoo_matrix.delta import DeltaNetCell, DeltaState, GatedDeltaNetCell
from zoo_matrix.forget_gate import forget_biases, log_forget
from zoo_matrix.kernel import MatrixChunksKernel
from zoo_matrix.mlstm import MlstmCell
from zoo_matrix.slstm import SlstmCell

F, B, T, N, K, D = 2, 1, 3, 2, 3, 2
H = N * D
STEP = 1e-6


def sigmoid(x: Array) -> Array:
    return 1 / (1 + np.exp(-x))


def silu(x: Array) -> Array:
    return x * sigmoid(x)


def unit(x: Array) -> Array:
    result: Array = x / np.sqrt((x**2).sum() + 1e-6)
    return result


def heads(w: Weights, x: Array, widths: list[int]) -> Iterator[list[Array]]:
    """The sums W x + b of every head, cut into parts of some widths."""
    total = w["weight_ih"] @ x + w.get("bias_ih", 0)
    parts = np.split(total, np.cumsum([N * width for width in widths])[:-1])
    for head in range(N):
        yield [part.reshape(N, -1)[head] for part in parts]


def stacked(rows: Sequence[tuple[Array, ...]]) -> list[Array]:
    return [np.stack(parts) for parts in zip(*rows, strict=True)]


def mlstm(
    w: Weights, x: Array, state: State, forget: Callable[[Array], Array] = sigmoid
) -> tuple[Array, State]:
    """Beck et al., equations 19 to 27."""
    rows = []
    for head, parts in enumerate(heads(w, x, [K, K, D, D, 1, 1])):
        q, k, v, o, i, f = parts
        scale = np.exp(state[2][head])
        c, n = state[0][head].T * scale, state[1][head] * scale
        k = k / np.sqrt(K)
        c = forget(f) * c + np.exp(i) * np.outer(v, k)
        n = forget(f) * n + np.exp(i) * k
        h = sigmoid(o) * (c @ q / max(abs(n @ q), 1))
        m = max(np.log(forget(f[0])) + state[2][head], i[0])
        rows.append((h, c.T * np.exp(-m), n * np.exp(-m), np.array(m)))
    h, c, n, m = stacked(rows)
    return h.reshape(-1), (c, n, m)


def mlstm_with_exponential_gates(w: Weights, x: Array, state: State) -> tuple[Array, State]:
    return mlstm(w, x, state, np.exp)


def slstm(
    w: Weights, x: Array, state: State, forget: Callable[[Array], Array] = sigmoid
) -> tuple[Array, State]:
    """Beck et al., equations 8 to 14."""
    h, c, n, m = state
    blocks = w["recurrent"]
    matrices = np.zeros((4, H, H))
    for gate in range(4):
        for head in range(N):
            place = slice(head * D, head * D + D)
            matrices[gate, place, place] = blocks[gate, head]
    total = w["weight_ih"] @ x + w.get("bias_ih", 0) + matrices.reshape(4 * H, H) @ h
    i, f, z, o = np.split(total, 4)
    started = n != 0
    c = forget(f) * c * np.exp(m) + np.exp(i) * np.tanh(z)
    n = forget(f) * n * np.exp(m) + np.exp(i)
    m = np.where(started, np.maximum(np.log(forget(f)) + m, i), i)
    h = sigmoid(o) * c / n
    return h, (h, c * np.exp(-m), n * np.exp(-m), m)


def slstm_with_exponential_gates(w: Weights, x: Array, state: State) -> tuple[Array, State]:
    return slstm(w, x, state, np.exp)


def delta_net(w: Weights, x: Array, state: State, largest: float = 1.0) -> tuple[Array, State]:
    """Yang et al. (2024), section 2.2, with RMSNorm and output matrix."""
    rows = []
    for head, parts in enumerate(heads(w, x, [K, K, D, 1])):
        q, k, v, beta = parts
        q, k, v, beta = unit(silu(q)), unit(silu(k)), silu(v), largest * sigmoid(beta)
        s = state[0][head].T
        s = s @ (np.eye(K) - beta * np.outer(k, k)) + beta * np.outer(v, k)
        o = s @ q
        rows.append((o / np.sqrt((o**2).mean() + 1e-5) * w["gain"], s.T))
    o, s = stacked(rows)
    return w["output"] @ o.reshape(-1), (s,)


def mirroring_delta_net(w: Weights, x: Array, state: State) -> tuple[Array, State]:
    """Grazzi et al.: β in (0, 2)."""
    return delta_net(w, x, state, 2.0)


def gated_delta_net(w: Weights, x: Array, state: State) -> tuple[Array, State]:
    """Yang, Kautz & Hatamizadeh (2024), equation 10, with α as in Mamba2."""
    rows = []
    for head, parts in enumerate(heads(w, x, [K, K, D, 1, 1, D])):
        q, k, v, beta, a, g = parts
        q, k, v, beta = unit(silu(q)), unit(silu(k)), silu(v), sigmoid(beta)
        rate = np.exp(w["log_rate"][head])
        alpha = np.exp(-rate * np.log1p(np.exp(a + w["decay_bias"][head])))
        s = state[0][head].T
        s = alpha * s @ (np.eye(K) - beta * np.outer(k, k)) + beta * np.outer(v, k)
        o = s @ q
        rows.append((o / np.sqrt((o**2).mean() + 1e-5) * w["gain"] * silu(g), s.T))
    o, s = stacked(rows)
    return w["output"] @ o.reshape(-1), (s,)


class Example(NamedTuple):
    """A cell and the transcription of its paper."""

    make: Callable[[], AbstractCell[Any]]
    oracle: Callable[[Weights, Array, State], tuple[Array, State]]


EXAMPLES = {
    "mlstm": Example(lambda: MlstmCell(H, N, K), mlstm),
    "mlstm-exponential": Example(
        lambda: MlstmCell(H, N, K, "exponential", bias=False), mlstm_with_exponential_gates
    ),
    "slstm": Example(lambda: SlstmCell(H, N), slstm),
    "slstm-exponential": Example(
        lambda: SlstmCell(H, N, "exponential", bias=False), slstm_with_exponential_gates
    ),
    "deltanet": Example(lambda: DeltaNetCell(H, N, K, bias=True), delta_net),
    "deltanet-negative": Example(
        lambda: DeltaNetCell(H, N, K, negative_eigenvalues=True), mirroring_delta_net
    ),
    "gated-deltanet": Example(lambda: GatedDeltaNetCell(H, N, K, bias=True), gated_delta_net),
}


def a_state(layer: Recurrent, *, is_initial: bool) -> LayerState:
    """The initial state, or some state of a sequence."""
    zeros = layer.initial_state(B)[0]
    tensors = zeros if is_initial else map(torch.randn_like, zeros)
    state = rebuild(zeros, tensors)
    normalizer = getattr(state, "normalizer", None)
    if normalizer is not None and not is_initial:  # one that a sequence leads to
        state = state._replace(normalizer=normalizer.abs() + 1)
    return rebuild(state, (tensor.requires_grad_(not is_initial) for tensor in state))


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


@pytest.mark.parametrize(
    ("name", "is_initial"), [*((name, False) for name in EXAMPLES), ("slstm", True)]
)
def test_a_cell_gives_what_its_paper_says(name: str, is_initial: bool) -> None:
    example = EXAMPLES[name]
    torch.manual_seed(0)
    layer = Recurrent(example.make(), F).double()
    with torch.no_grad():
        for parameter in layer.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    layer.kernels = (MatrixChunksKernel(), *layer.kernels)
    weights = layer.weights(0, 0)
    inputs = torch.randn(B, T, F, dtype=torch.float64, requires_grad=True)
    start = a_state(layer, is_initial=is_initial)
    outputs, (after,) = layer(inputs, (start,))
    variables = {**weights, "inputs": inputs}
    if not is_initial:
        variables |= dict(zip(start._fields, start, strict=True))
    loss = weighted([outputs, *after], torch.arange)
    values = torch.autograd.grad(loss, list(variables.values()))
    gradients = dict(zip(variables, values, strict=True))

    arrays = {key: value.detach().numpy().copy() for key, value in variables.items()}
    parts = [arrays.get(f, t.detach().numpy()) for f, t in zip(start._fields, start, strict=True)]

    def run() -> list[Array]:
        return run_oracle(example.oracle, arrays, arrays["inputs"], tuple(parts))

    for expected, actual in zip(run(), [outputs, *after], strict=True):
        assert np.abs(expected - actual.detach().numpy()).max() < 1e-12
    for key, array in arrays.items():
        gradient = difference_gradient(lambda: weighted(run(), np.arange), array)
        scale = 1 + np.abs(gradient).max()
        assert np.abs(gradient - gradients[key].numpy()).max() / scale < 1e-6, key


@pytest.mark.parametrize(("is_negative", "least"), [(False, 0.0), (True, -1.0)])
def test_the_eigenvalues_of_a_step_lie_in_the_range_of_the_setting(
    is_negative: bool, least: float
) -> None:
    torch.manual_seed(0)
    cell = DeltaNetCell(D, 1, K, is_negative, bias=True)
    weights = {name: torch.randn(shape) for name, shape in cell.parameter_shapes(F).items()}
    seen = []
    for beta in (-50.0, 0.0, 50.0):  # from "replace nothing" to "replace everything"
        weights["bias_ih"][-1] = beta
        projected = cell.project(weights, torch.randn(1, 1, F))[:, 0].expand(K, -1)
        basis = DeltaState(torch.eye(K).view(K, 1, K, 1).expand(-1, -1, -1, D))
        _, after = cell.step(weights, projected, basis)
        _, moved = cell.step(weights, projected, DeltaState(torch.zeros_like(basis.memory)))
        transition = (after.memory - moved.memory)[:, 0, :, 0]
        seen += torch.linalg.eigvalsh((transition + transition.T) / 2).tolist()
    assert abs(min(seen) - least) < 1e-3
    assert abs(max(seen) - 1) < 1e-3


@pytest.mark.parametrize("name", ["mlstm", "slstm"])
def test_gates_of_any_size_give_finite_outputs_and_gradients(name: str) -> None:
    cells: dict[str, AbstractCell[Any]] = {
        "mlstm": MlstmCell(H, N, K, "exponential"),
        "slstm": SlstmCell(H, N, "exponential"),
    }
    torch.manual_seed(0)
    layer = Recurrent(cells[name], F)
    inputs = 1000 * torch.randn(B, 20, F)  # exponents of some hundreds
    for kernels in (layer.kernels, (MatrixChunksKernel(), *layer.kernels)):
        layer.kernels = kernels
        outputs, _ = layer(inputs)
        gradients = torch.autograd.grad(outputs.square().sum(), list(layer.parameters()))
        assert all(tensor.isfinite().all() for tensor in (outputs, *gradients))


@pytest.mark.parametrize(
    ("cell", "size"),
    [
        (MlstmCell(H, N), 5),
        (SlstmCell(H, N), 5),
        (DeltaNetCell(H, N), 500),  # the squares of its sums are infinite in float16
        (GatedDeltaNetCell(H, N), 500),
    ],
)
def test_weights_in_half_precision_give_about_the_outputs_of_double(
    cell: AbstractCell[Any], size: float
) -> None:
    torch.manual_seed(0)
    layer = Recurrent(cell, F)
    inputs = size * torch.randn(B, 20, F)
    expected, _ = layer.double()(inputs.double())
    outputs, (state,) = layer.half()(inputs.half())
    assert all(tensor.isfinite().all() for tensor in (outputs, *state))
    assert (outputs - expected).abs().max().item() < 0.05 * expected.abs().max().item()


@pytest.mark.parametrize("cell", [MlstmCell(H, N), SlstmCell(H, N), DeltaNetCell(H, N)])
def test_a_batch_without_rows_has_no_outputs(cell: AbstractCell[Any]) -> None:
    layer = Recurrent(cell, F)
    for kernels in (layer.kernels, (MatrixChunksKernel(), *layer.kernels)):
        layer.kernels = kernels
        outputs, (state,) = layer(torch.zeros(0, 40, F))
        assert outputs.shape == (0, 40, H)
        assert all(len(part) == 0 for part in state)


def test_a_forget_gate_starts_alike_with_either_function() -> None:
    gates = [log_forget(forget_biases(4, kind), kind).exp() for kind in (False, True)]
    assert torch.allclose(gates[0], gates[1])
    assert torch.allclose(gates[0], torch.tensor([3.0, 4.0, 5.0, 6.0]).sigmoid())


def test_a_rate_that_is_drawn_as_zero_starts_finite(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch, "rand", torch.zeros)
    rate = GatedDeltaNetCell(4, 2).initial_value("log_rate", (2,))
    assert rate is not None
    assert rate.isfinite().all()
