"""Keras on JAX: its own layers and optimizers, with a compiled step as in its guides."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, final

import jax
import jax.numpy as jnp
import keras
import numpy as np
import torch
from torch import Tensor

from benchmarks.peers.network import TorchLayers

LAYERS: dict[str, Any] = {
    "rnn": keras.layers.SimpleRNN,
    "lstm": keras.layers.LSTM,
    "gru": keras.layers.GRU,
}
STATES = {"rnn": 1, "lstm": 2, "gru": 1}


@final
class KerasLayers:
    """``keras.layers.SimpleRNN``, ``LSTM`` or ``GRU`` with its optimizer.

    Args:
        network: The network with the initial weights. Keras has one bias where torch has two
            and the cell adds them.
    """

    def __init__(self, network: TorchLayers) -> None:
        cell, case = network.cell, network.case
        tokens = keras.Input((None,), dtype="int32")
        before = [keras.Input((case.hidden,)) for _ in range(STATES[cell])]
        if case.embedding:
            inputs = keras.layers.Embedding(case.symbols, case.embedding)(tokens)
        else:
            inputs = keras.ops.one_hot(tokens, case.symbols)
        layer = LAYERS[cell](case.hidden, return_sequences=True, return_state=True)
        output = keras.layers.Dense(case.symbols)
        self.model = keras.Model(tokens, output(layer(inputs)[0]))
        self.model.set_weights([each.detach().numpy().copy() for each in _weights(network)])
        hidden, *after = layer(inputs, initial_state=before)
        self.carrying = keras.Model([tokens, *before], [output(hidden), *after])
        self.loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
        accuracy = {"epsilon": 1e-8} if case.optimizer == "Adam" else {}  # torch's
        make = getattr(keras.optimizers, case.optimizer)
        self.optimizer = make(case.learning_rate, global_clipnorm=1.0, **accuracy)
        self.optimizer.build(self.model.trainable_variables)
        self.start = [jnp.zeros((1, case.hidden))] * len(before)
        self.weights = [each.value for each in self.model.trainable_variables]
        self.fixed = [each.value for each in self.model.non_trainable_variables]
        self.moments = [each.value for each in self.optimizer.variables]
        self._step = jax.jit(self._compute, donate_argnums=(0, 1))
        self._generate = jax.jit(self._unroll, static_argnums=1)

    def step(self, inputs: Tensor, targets: Tensor) -> float:
        """Takes a step: forward, cross entropy, backward, clipping, optimizer. Returns the loss."""
        tokens, labels = (each.numpy().astype(np.int32) for each in (inputs, targets))
        self.weights, self.moments, loss = self._step(self.weights, self.moments, tokens, labels)
        return float(loss)

    def generate(self, length: int) -> list[int]:
        """Generates the most likely symbols after the first one, in one call on the device."""
        symbols: list[int] = np.asarray(self._generate(self.weights, length)).tolist()
        return symbols

    def _compute(self, weights: Any, moments: Any, tokens: Any, labels: Any) -> Any:
        def loss_of(weights: Any) -> Any:
            logits, _ = self.model.stateless_call(weights, self.fixed, tokens, training=True)
            return self.loss(labels, logits)

        loss, gradients = jax.value_and_grad(loss_of)(weights)
        return *self.optimizer.stateless_apply(moments, gradients, weights), loss

    def _unroll(self, weights: Any, length: int) -> Any:
        def run(carried: Any, _: Any) -> Any:
            (logits, *state), _ = self.carrying.stateless_call(weights, self.fixed, list(carried))
            token = jnp.argmax(logits, -1).astype(jnp.int32)
            return (token, *state), token[0, 0]

        return jax.lax.scan(run, (jnp.zeros((1, 1), jnp.int32), *self.start), None, length)[1]


def _weights(network: TorchLayers) -> Iterator[Tensor]:
    """Torch's parameters in the order and layout of Keras."""
    if network.embedding is not None:
        yield network.embedding.weight
    from_input, from_hidden, *biases = network.recurrent.parameters()
    if network.cell == "gru":
        from_input, from_hidden, *biases = map(_update_first, (from_input, from_hidden, *biases))
    yield from (from_input.T, from_hidden.T)
    yield torch.stack(biases) if network.cell == "gru" else biases[0] + biases[1]
    yield from (network.output.weight.T, network.output.bias)


def _update_first(parameter: Tensor) -> Tensor:
    """Keras has the GRU's update gate before its reset gate."""
    reset, update, candidate = parameter.chunk(3)
    return torch.cat([update, reset, candidate])
