"""Whole training steps by a cell's passes, without autograd.

The operations are those that torch makes of an ordinary step, in their order, so the results are
the same bits. What is saved is the graph, and the calls between the parts. Small models whose batch
is too large for NumPy (``zoo_core.runtime.training.numpy_step``) gain by it: a step took about 0.75
times as long with 2^19 multiplications in the forward pass, and 0.9 times with 2^23.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, final

import torch
from torch import Tensor
from torch.nn.functional import embedding, linear
from torch.nn.utils import clip_grads_with_norm_
from torch.optim import Optimizer

from zoo_core.runtime.kernels.cell_passes import ResultGradients, gradient_buffer
from zoo_core.runtime.kernels.layer_passes import (
    LayerGradients,
    LayerWeights,
    layer_backward,
    layer_forward,
)
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.kernels.schedule import TimeSchedule
from zoo_core.runtime.nn.batch import IGNORED, Batch, Output
from zoo_core.runtime.nn.model import RecurrentModel, prefer_time_major
from zoo_core.runtime.nn.state import LayerState, State, rebuild
from zoo_core.runtime.training.class_loss import ClassLoss
from zoo_core.runtime.training.gradient_step import OptimizerStep, total_norm
from zoo_core.runtime.training.whole_step import AbstractWholeStep, WholeStepResult

MEAN = 1
"""The number of the reduction ``mean`` in torch's operations."""
# bound to one overload each: looking an overload up takes longer than a small operation
nll_forward = torch.ops.aten.nll_loss_forward.default
nll_backward = torch.ops.aten.nll_loss_backward.default
log_softmax_backward = torch.ops.aten._log_softmax_backward_data.default
embedding_backward = torch.ops.aten.embedding_dense_backward.default


@final
class _ReadTokens(NamedTuple):
    """What the recurrent layer reads.

    Args:
        inputs: Tokens (B, T), or their embeddings (B, T, E).
        weights: The layer's weights, into which the table of the embedding may be folded.
        own: The layer's weights without it.
        table: The table of the embedding, (V, E); None without an embedding.
        is_folded: Whether it is folded.
    """

    inputs: Tensor
    weights: LayerWeights
    own: LayerWeights
    table: Tensor | None
    is_folded: bool


@final
class _CrossEntropy(NamedTuple):
    """The cross entropy of logits and what its gradient needs.

    Args:
        result: The loss and the sums.
        log_p: The logarithms of the probabilities, (B·T, V).
        targets: (B·T,).
        counted: The targets that count, as a number of the logits' dtype.
    """

    result: ClassLoss
    log_p: Tensor
    targets: Tensor
    counted: Tensor

    @classmethod
    def of(cls, logits: Tensor, targets: Tensor) -> _CrossEntropy:
        """Returns the mean cross entropy of logits (B, T, V) and targets (B, T)."""
        rows, flat = logits.flatten(0, 1), targets.flatten()
        log_p = torch.log_softmax(rows, 1)
        loss, counted = nll_forward(log_p, flat, None, MEAN, IGNORED)
        correct = (rows.argmax(dim=-1) == flat).sum()
        return cls(ClassLoss(loss, correct, (flat != IGNORED).sum()), log_p, flat, counted)

    def gradient(self) -> Tensor:
        """Returns the gradient of the logits, (B·T, V)."""
        loss, log_p = self.result.loss, self.log_p
        ones = torch.ones_like(loss)
        d_log_p = nll_backward(ones, log_p, self.targets, None, MEAN, IGNORED, self.counted)
        gradient: Tensor = log_softmax_backward(d_log_p, log_p, 1, log_p.dtype)
        return gradient


@final
class PassesStep(AbstractWholeStep):
    """The whole step of a model that the portable kernel runs; see AbstractWholeStepKernel.

    The loss is the plain cross entropy.

    Args:
        kernel: The kernel.
        model: The model.
        optimizer: The optimizer.
        clip_norm: The largest norm of the gradient; None for no limit.
    """

    def __init__(
        self,
        kernel: PortableKernel,
        model: RecurrentModel,
        optimizer: Optimizer,
        clip_norm: float | None,
    ) -> None:
        cell = model.recurrent.cell
        self._model, self._clip_norm = model, clip_norm
        self._optimizer_step = OptimizerStep(optimizer)
        self._passes, self._folds = kernel.passes(cell), kernel.folds_embedding(cell)
        self._parameters = list(model.parameters())

    def __call__(self, batch: Batch, state: State | None) -> WholeStepResult | None:
        """See AbstractWholeStep."""
        if batch.lengths is not None or batch.resets is not None:
            return None
        with torch.no_grad():
            first = self._first_state(len(batch.inputs), state)
            return None if first is None else self._take(batch.inputs, batch.targets, first)

    def _first_state(self, rows: int, state: State | None) -> LayerState | None:
        """Returns the state to begin with; None if the given one does not fit."""
        initial: LayerState = self._model.recurrent.initial_state(rows)[0]
        if state is None:
            return initial
        dtype = self._model.output.weight.dtype
        given = rebuild(initial, (tensor.to(dtype) for tensor in state[0]))
        fits = all(one.shape == other.shape for one, other in zip(given, initial, strict=True))
        return given if fits else None

    def _take(self, tokens: Tensor, targets: Tensor, first: LayerState) -> WholeStepResult | None:
        output, steps = self._model.output, tokens.shape[1]
        weight, dtype = output.weight, output.weight.dtype
        schedule = TimeSchedule(steps, needs_initial_grad=False)
        read = self._read(tokens)
        layer = layer_forward(
            self._passes, schedule, dtype, read.inputs.transpose(0, 1), read.weights, first
        )
        hidden = layer.outputs(schedule)  # (T, B, H), and (B, T, H) below
        is_time_major = prefer_time_major(hidden.transpose(0, 1), len(weight))
        hidden = hidden if is_time_major else hidden.transpose(0, 1)
        logits = linear(hidden, weight, output.bias)
        logits = logits.transpose(0, 1) if is_time_major else logits
        loss = _CrossEntropy.of(logits, targets)
        if not math.isfinite(loss.result.loss.item()):
            return None

        d_logits = loss.gradient().view(logits.shape)
        d_logits = d_logits.transpose(0, 1) if is_time_major else d_logits
        d_rows = d_logits.reshape(-1, len(weight))
        d_states = gradient_buffer(schedule, layer.states[0])
        d_outputs = schedule.after(d_states)  # (T, B, H)
        if is_time_major:  # written where it is needed, as it is larger than the logits
            torch.mm(d_rows, weight, out=d_outputs.view(-1, weight.shape[1]))
        else:
            d_outputs.copy_((d_rows @ weight).view(hidden.shape).transpose(0, 1))
        gradients = {id(weight): d_rows.t() @ hidden.reshape(-1, hidden.shape[2])}
        if output.bias is not None:
            gradients[id(output.bias)] = d_rows.sum(0)
        found = layer_backward(
            self._passes,
            schedule,
            dtype,
            read.weights,
            layer,
            ResultGradients(d_outputs, (None,) * len(layer.states), d_states),
            needs_inputs=read.table is not None and not read.is_folded,
        )
        norm = self._update(gradients | self._layer_gradients(tokens, read, found))
        if norm is None:
            return None
        after: Any = rebuild(first, layer.last_state(schedule))
        return WholeStepResult(loss.result, norm, Output(logits, (after,)))

    def _read(self, tokens: Tensor) -> _ReadTokens:
        """Returns what the layer reads of tokens (B, T)."""
        weights = self._model.recurrent.weights(0, 0)
        biases = (weights.get(name) for name in ("bias_ih", "bias_hh"))
        own = LayerWeights(weights["weight_ih"], weights["weight_hh"], *biases)
        if self._model.embedding is None:
            return _ReadTokens(tokens, own, own, None, False)
        table = self._model.embedding.weight
        if not self._folds or tokens.numel() < len(table):
            return _ReadTokens(embedding(tokens, table), own, own, table, False)
        folded = own._replace(weight_ih=own.weight_ih @ table.t())
        return _ReadTokens(tokens, folded, own, table, True)

    def _layer_gradients(
        self, tokens: Tensor, read: _ReadTokens, found: LayerGradients
    ) -> dict[int, Tensor]:
        """Returns the gradients of the layer's weights and of the embedding, by identity."""
        own, d_weights, table = read.own, found.weights, read.table
        gradients: dict[int, Tensor] = {}
        if table is not None and read.is_folded:
            d_folded = d_weights.weight_ih
            d_weights = d_weights._replace(weight_ih=d_folded @ table)
            gradients[id(table)] = d_folded.t() @ own.weight_ih
        elif table is not None:
            assert found.inputs is not None, "they are features"
            d_inputs = found.inputs.transpose(0, 1)
            gradients[id(table)] = embedding_backward(d_inputs, tokens, len(table), -1, False)
        pairs = zip(own, d_weights, strict=True)
        return gradients | {id(weight): grad for weight, grad in pairs if grad is not None}

    def _update(self, gradients: dict[int, Tensor]) -> Tensor | None:
        """Clips the gradients and takes the optimizer's step.

        Args:
            gradients: The gradient of each parameter, by its identity.

        Returns:
            The norm before clipping; None if it is not finite, and then nothing has changed.
        """
        ordered: list[Tensor] = []
        for parameter in self._parameters:
            gradient = gradients[id(parameter)]
            # each parameter has one of its own, laid out as it is; both biases get the same tensor
            if gradient.stride() != parameter.stride() or any(gradient is one for one in ordered):
                gradient = gradient.clone(memory_format=torch.contiguous_format)
            ordered.append(gradient)
        norm = total_norm(ordered)
        size = norm.item()
        if not math.isfinite(size):
            return None
        for parameter, gradient in zip(self._parameters, ordered, strict=True):
            parameter.grad = gradient
        if self._clip_norm is not None and size > self._clip_norm:
            clip_grads_with_norm_(self._parameters, self._clip_norm, norm)
        self._optimizer_step()
        return norm
