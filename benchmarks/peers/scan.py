"""JAX: one compiled ``scan`` over the steps, with the inputs looked up in a table."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any, final

import jax
import jax.numpy as jnp
import numpy as np
from torch import Tensor

from benchmarks.cases import Case
from benchmarks.peers.network import TorchLayers

Parameters = dict[str, Any]


@final
class Scan:
    """The network with its optimizer, as a careful user of JAX would write it.

    Args:
        network: The network with the initial weights.
    """

    def __init__(self, network: TorchLayers) -> None:
        self.cell, self.case = network.cell, network.case
        self.parameters = {name: jnp.array(values) for name, values in _parameters(network)}
        zeros = {name: jnp.zeros_like(p) for name, p in self.parameters.items()}
        self.moments = (zeros, {name: jnp.zeros_like(p) for name, p in self.parameters.items()})
        self.count = jnp.float32(0)
        self._step = jax.jit(partial(_step, self.cell, self.case), donate_argnums=(0, 1))
        self._generate = jax.jit(partial(_generate, self.cell, self.case), static_argnums=1)

    def step(self, inputs: Tensor, targets: Tensor) -> float:
        """Takes a step: forward, cross entropy, backward, clipping, optimizer. Returns the loss."""
        tokens, labels = (jnp.asarray(each.numpy().astype(np.int32)) for each in (inputs, targets))
        self.parameters, self.moments, self.count, loss = self._step(
            self.parameters, self.moments, self.count, tokens, labels
        )
        return float(loss)

    def generate(self, length: int) -> list[int]:
        """Generates the most likely symbols after the first one, in one call on the device."""
        symbols: list[int] = np.asarray(self._generate(self.parameters, length)).tolist()
        return symbols


def _parameters(network: TorchLayers) -> Iterator[tuple[str, Any]]:
    """Torch's parameters, each weight as (inputs, outputs), the order in which products read it."""
    for name, parameter in network.named_parameters():
        values = parameter.detach().numpy()
        values = values.T if "weight" in name and name != "embedding.weight" else values
        yield name.removeprefix("recurrent."), values


def _table(cell: str, case: Case, p: Parameters) -> Any:
    """The projection of each symbol to the gates, (V, G)."""
    weight = p["weight_ih_l0"]
    table = p["embedding.weight"] @ weight if case.embedding else weight
    bias = p["bias_ih_l0"] if cell == "gru" else p["bias_ih_l0"] + p["bias_hh_l0"]
    return table + bias


def _cell(cell: str, p: Parameters, projected: Any, state: tuple[Any, Any]) -> tuple[Any, Any]:
    """One step of a row or of a batch."""
    hidden, cell_state = state
    recurrent = hidden @ p["weight_hh_l0"]
    if cell == "rnn":
        return jnp.tanh(projected + recurrent), cell_state
    if cell == "lstm":
        i, f, g, o = jnp.split(projected + recurrent, 4, -1)
        cell_state = jax.nn.sigmoid(f) * cell_state + jax.nn.sigmoid(i) * jnp.tanh(g)
        return jax.nn.sigmoid(o) * jnp.tanh(cell_state), cell_state
    inputs = jnp.split(projected, 3, -1)
    hiddens = jnp.split(recurrent + p["bias_hh_l0"], 3, -1)
    reset, update = (jax.nn.sigmoid(inputs[index] + hiddens[index]) for index in (0, 1))
    candidate = jnp.tanh(inputs[2] + reset * hiddens[2])
    return candidate + update * (hidden - candidate), cell_state


def _loss(cell: str, case: Case, p: Parameters, tokens: Any, labels: Any) -> Any:
    def run(state: Any, projected: Any) -> Any:
        state = _cell(cell, p, projected, state)
        return state, state[0]

    zeros = jnp.zeros((tokens.shape[0], case.hidden))
    _, hidden = jax.lax.scan(run, (zeros, zeros), _table(cell, case, p)[tokens.T])
    logits = hidden.reshape(-1, case.hidden) @ p["output.weight"] + p["output.bias"]
    chosen = jnp.take_along_axis(jax.nn.log_softmax(logits), labels.T.reshape(-1, 1), 1)
    return -chosen.mean()


def _step(
    cell: str, case: Case, p: Parameters, moments: Any, count: Any, tokens: Any, labels: Any
) -> tuple[Parameters, Any, Any, Any]:
    loss, gradients = jax.value_and_grad(partial(_loss, cell, case))(p, tokens, labels)
    norm = jnp.sqrt(sum((gradient * gradient).sum() for gradient in gradients.values()))
    scale = jnp.minimum(1.0, 1.0 / (norm + 1e-6))
    gradients = {name: gradient * scale for name, gradient in gradients.items()}
    rate = case.learning_rate
    if case.optimizer == "SGD":
        return {n: p[n] - rate * gradients[n] for n in p}, moments, count, loss
    count = count + 1
    first = {n: 0.9 * moments[0][n] + 0.1 * g for n, g in gradients.items()}
    second = {n: 0.999 * moments[1][n] + 0.001 * g * g for n, g in gradients.items()}
    rate, bound = rate / (1 - 0.9**count), 1 - 0.999**count
    moved = {n: p[n] - rate * first[n] / (jnp.sqrt(second[n] / bound) + 1e-8) for n in p}
    return moved, (first, second), count, loss


def _generate(cell: str, case: Case, p: Parameters, length: int) -> Any:
    table = _table(cell, case, p)

    def run(carried: Any, _: Any) -> Any:
        state, token = carried
        state = _cell(cell, p, table[token], state)
        token = jnp.argmax(state[0] @ p["output.weight"] + p["output.bias"]).astype(jnp.int32)
        return (state, token), token

    zeros = jnp.zeros(case.hidden)
    return jax.lax.scan(run, ((zeros, zeros), jnp.int32(0)), None, length=length)[1]
