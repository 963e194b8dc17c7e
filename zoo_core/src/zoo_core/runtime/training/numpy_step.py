"""Whole training steps of small models by NumPy, for machines without a C++ compiler.

With the sizes of a tutorial's first example, most of the time of a step goes into its calls. Those
of torch take a few times as long as those of NumPy, whose arrays can share the memory of torch's
tensors. So the forward pass, the loss and the backward pass are in NumPy here. The update is that
of torch's optimizer.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, final

import numpy as np
import torch
from torch import Tensor
from torch.optim import Optimizer

from zoo_core.runtime.nn.batch import IGNORED, Batch, Output
from zoo_core.runtime.nn.model import RecurrentModel
from zoo_core.runtime.nn.state import State
from zoo_core.runtime.training.class_loss import ClassLoss
from zoo_core.runtime.training.gradient_step import OptimizerStep
from zoo_core.runtime.training.numpy_passes import NUMPY_PASSES, Array
from zoo_core.runtime.training.whole_step import AbstractWholeStep, WholeStepResult

MAX_PRODUCTS = 1 << 18
"""Multiplications of one weight with all tokens of a batch up to which NumPy takes the step."""
MAX_WEIGHT = 1 << 13
"""Numbers of one weight up to which NumPy takes the step.

Within both limits OpenBLAS, which multiplies NumPy's matrices, computes on one thread, so that
results do not depend on the number of cores: it divides products of two matrices of more than 2^18
multiplications, and those of a matrix and a vector of at least 9,216. Within them a step took 0.2
to 0.6 times as long as an ordinary one."""
CLIP_EPSILON = 1e-6
"""What ``torch.nn.utils.clip_grad_norm_`` adds to the norm that it divides by."""


@final
class _CrossEntropy(NamedTuple):
    """The mean cross entropy of N logits, and its gradient.

    Args:
        loss: A number of the dtype of the logits.
        correct: The targets that had the highest logit.
        targets: The targets that count.
        d_logits: (N, V).
    """

    loss: Any
    correct: int
    targets: int
    d_logits: Array

    @classmethod
    def of(cls, logits: Array, targets: Array) -> _CrossEntropy | None:
        """Returns the loss of logits (N, V) and targets (N,); None if a target is no class.

        With p = softmax(logits), a target y that counts adds -ln p_y to the sum, and p - e_y to
        its gradient, where e_y is 1 for the class y and 0 elsewhere.
        """
        counted = targets != IGNORED
        is_target = targets[:, np.newaxis] == np.arange(logits.shape[1])  # e_y
        count = int(counted.sum())
        shifted = logits - logits.max(axis=1, keepdims=True)  # so that no exponential overflows
        exponentials = np.exp(shifted)
        total = exponentials.sum(axis=1, keepdims=True)
        losses = (np.log(total) - shifted)[is_target]  # of the targets that count
        if losses.size != count:
            return None
        loss = losses.sum() / count
        d_logits = (exponentials / total - is_target) * counted[:, np.newaxis] / count
        correct = int((logits.argmax(axis=1) == targets).sum())
        return cls(loss, correct, count, d_logits)


@final
class NumpyStep(AbstractWholeStep):
    """The whole step of a model; the loss is the plain cross entropy.

    Args:
        model: A model that ``fits_numpy``; its objective is the plain cross entropy.
        optimizer: As for AbstractWholeStepKernel.
        clip_norm: As for AbstractWholeStepKernel.
        larger: The step of the batches that are too large for NumPy.
    """

    def __init__(
        self,
        model: RecurrentModel,
        optimizer: Optimizer,
        clip_norm: float | None,
        larger: AbstractWholeStep,
    ) -> None:
        self._larger = larger
        cell = model.recurrent.cell
        self._passes, self._hidden_size = NUMPY_PASSES[cell.name], cell.hidden_size
        self._state_type: Any = type(model.recurrent.initial_state(1)[0])
        self._optimizer_step, self._clip_norm = OptimizerStep(optimizer), clip_norm
        self._parameters = parameters_of(model)
        self._largest = max(parameter.numel() for parameter in self._parameters.values())
        self._addresses: list[int] = []
        self._weights: dict[str, Array] = {}
        # The gradients are parts of one array, so that one call computes the norm of all.
        sizes = [each.numel() for each in self._parameters.values()]
        gradient = torch.empty(sum(sizes), dtype=model.output.weight.dtype)
        self._gradient: Array = gradient.numpy()
        self._gradients = [
            part.view(parameter.shape)
            for part, parameter in zip(
                torch.split(gradient, sizes), self._parameters.values(), strict=True
            )
        ]

    def __call__(self, batch: Batch, state: State | None) -> WholeStepResult | None:
        """See AbstractWholeStep."""
        if batch.lengths is not None or batch.resets is not None:
            return None
        if batch.targets.shape != batch.inputs.shape:
            return None
        if not is_small(batch, self._largest):
            return self._larger(batch, state)
        states = self._state_buffers(batch.inputs, state)
        if states is None:
            return None
        # the ordinary step, which follows, reports numbers that are not finite
        with np.errstate(all="ignore"):
            return self._take(batch.inputs.numpy().T, batch.targets.numpy().T, states)

    def _state_buffers(self, tokens: Tensor, state: State | None) -> tuple[Array, ...] | None:
        """Returns room for all states of a batch, (T + 1, B, H) each, with the first ones in it.

        Returns:
            The buffers; None if the state does not fit the batch.
        """
        rows, steps = tokens.shape
        shape, dtype = (steps + 1, rows, self._hidden_size), self._gradient.dtype
        buffers = tuple(np.empty(shape, dtype) for _ in self._state_type._fields)
        for index, buffer in enumerate(buffers):
            if state is None:
                buffer[0] = 0
            elif state[0][index].shape == shape[1:]:
                buffer[0] = state[0][index].detach().numpy()
            else:
                return None
        return buffers

    def _take(
        self, tokens: Array, targets: Array, states: tuple[Array, ...]
    ) -> WholeStepResult | None:
        """Takes the step of tokens and targets, (T, B) each."""
        weights = self._current_weights()
        w_ih, w_hh, w_out = weights["weight_ih"], weights["weight_hh"], weights["output.weight"]
        bias_hh = weights.get("bias_hh", 0.0)
        table = weights.get("embedding")  # (V, E)
        one_hot = tokens.reshape(-1, 1) == np.arange(len(w_ih.T if table is None else table))
        if one_hot.sum() != tokens.size:
            return None  # a token is no symbol
        one_hot = one_hot.astype(w_ih.dtype)  # (T·B, V)

        features = one_hot if table is None else one_hot @ table  # (T·B, F)
        projected = features @ w_ih.T + weights.get("bias_ih", 0.0)
        projected = projected.reshape(*tokens.shape, -1)
        saved = self._passes.forward(projected, w_hh, bias_hh, states)
        before, after = states[0][:-1], states[0][1:]
        outputs = after.reshape(-1, self._hidden_size)  # (T·B, H)
        logits = outputs @ w_out.T + weights.get("output.bias", 0.0)
        loss = _CrossEntropy.of(logits, targets.reshape(-1))
        if loss is None or not math.isfinite(loss.loss):
            return None

        d_outputs = (loss.d_logits @ w_out).reshape(after.shape)
        d_sums = self._passes.backward(w_hh, states, saved, d_outputs)
        d_projected, d_recurrent = (each.reshape(len(one_hot), -1) for each in d_sums)
        gradients = {
            "weight_ih": d_projected.T @ features,
            "weight_hh": d_recurrent.T @ before.reshape(-1, self._hidden_size),
            "bias_ih": d_projected.sum(axis=0),
            "bias_hh": d_recurrent.sum(axis=0),
            "output.weight": loss.d_logits.T @ outputs,
            "output.bias": loss.d_logits.sum(axis=0),
        }
        if table is not None:
            gradients["embedding"] = one_hot.T @ (d_projected @ w_ih)
        norm = self._update(gradients)
        if norm is None:
            return None
        return self._result(loss, norm, logits.reshape(*tokens.shape, -1), states)

    def _current_weights(self) -> dict[str, Array]:
        """Returns the parameters as arrays of the same memory, by name."""
        addresses = [parameter.data_ptr() for parameter in self._parameters.values()]
        if addresses != self._addresses:  # the first step, or somebody has set ``parameter.data``
            self._addresses = addresses
            self._weights = {
                name: parameter.detach().numpy() for name, parameter in self._parameters.items()
            }
        return self._weights

    def _update(self, gradients: dict[str, Array]) -> float | None:
        """Clips the gradients and takes the optimizer's step.

        Args:
            gradients: At least those of the parameters, by name.

        Returns:
            The norm before clipping; None if it is not finite, and then nothing has changed.
        """
        np.concatenate(
            [gradients[name].reshape(-1) for name in self._parameters], out=self._gradient
        )
        norm = math.sqrt(np.square(self._gradient).sum())
        if not math.isfinite(norm):
            return None
        if self._clip_norm is not None and norm > self._clip_norm:
            self._gradient *= self._clip_norm / (norm + CLIP_EPSILON)
        for parameter, gradient in zip(self._parameters.values(), self._gradients, strict=True):
            parameter.grad = gradient
        self._optimizer_step()
        return norm

    def _result(
        self, loss: _CrossEntropy, norm: float, logits: Array, states: tuple[Array, ...]
    ) -> WholeStepResult:
        """Returns the result of a step by the logits, (T, B, V), and all states."""
        mean, size = (np.array(number, logits.dtype) for number in (loss.loss, norm))
        counts = (np.array(number, np.int64) for number in (loss.correct, loss.targets))
        after = self._state_type(*(torch.from_numpy(buffer[-1].copy()) for buffer in states))
        return WholeStepResult(
            ClassLoss(torch.from_numpy(mean), *map(torch.from_numpy, counts)),
            torch.from_numpy(size),
            Output(torch.from_numpy(logits.swapaxes(0, 1)), (after,)),
        )


def parameters_of(model: RecurrentModel) -> dict[str, Tensor]:
    """Returns the parameters of a model of one layer by their name in the layer or in the model."""
    parameters = dict(model.recurrent.weights(0, 0)) | {"output.weight": model.output.weight}
    if model.output.bias is not None:
        parameters["output.bias"] = model.output.bias
    if model.embedding is not None:
        parameters["embedding"] = model.embedding.weight
    return parameters


def fits_numpy(model: RecurrentModel) -> bool:
    """Whether a model is small enough for NumPy, and its tensors are as NumPy needs them."""
    if model.recurrent.cell.name not in NUMPY_PASSES:
        return False
    parameters = parameters_of(model).values()
    if {id(parameter) for parameter in parameters} != {id(each) for each in model.parameters()}:
        return False  # a weight is made of other parameters
    dtype = model.output.weight.dtype
    return dtype in (torch.float32, torch.float64) and all(
        parameter.dtype == dtype
        and parameter.is_contiguous()  # a gradient must lie in memory as its parameter does
        and parameter.numel() <= MAX_WEIGHT
        and 1 not in parameter.shape  # which would make vectors of larger matrices
        for parameter in parameters
    )


def is_small(batch: Batch, largest: int) -> bool:
    """Whether NumPy takes the step of a batch.

    Args:
        batch: The batch.
        largest: The numbers of the largest weight of a model that fits NumPy.
    """
    return 0 < batch.inputs.numel() * largest <= MAX_PRODUCTS
