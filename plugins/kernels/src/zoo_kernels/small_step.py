"""Whole training steps of small models by the compiled library."""

from __future__ import annotations

import ctypes
from typing import Any, final

import torch
from torch import Tensor
from torch.optim import Adam, AdamW, Optimizer

from zoo_core.runtime.nn import IGNORED, Batch, Output, RecurrentModel, State
from zoo_core.runtime.training.class_loss import ClassLoss, CrossEntropy
from zoo_core.runtime.training.whole_step import AbstractWholeStep, WholeStepResult
from zoo_kernels.library import NativeLibrary, SmallStepArguments
from zoo_kernels.memory import memory
from zoo_kernels.passes import CELLS

MAX_PRODUCTS = 1 << 21
"""Multiplications of a forward pass up to which one call takes the step.

Of a step by torch's operations a millisecond is calls. On a processor with AVX2 one call was 10 to
16 times as fast below 2^19 multiplications, 4 times with 2^21, and as fast with 2^25."""
SGD, ADAM, ADAMW = range(3)
"""In the order of ``enum zoo_optimizer``."""


@final
class SmallStep(AbstractWholeStep):
    """The whole step of a model; see AbstractWholeStepKernel.

    Args:
        library: The compiled functions.
        model: The model.
        loss: The objective.
        optimizer: The optimizer.
        clip_norm: The largest norm of the gradient; None for no limit.
        bf16: Whether products are in bfloat16, as under autocast.
    """

    def __init__(
        self,
        library: NativeLibrary,
        model: RecurrentModel,
        loss: CrossEntropy,
        optimizer: Optimizer,
        clip_norm: float | None,
        *,
        bf16: bool,
    ) -> None:
        self._run, self._workspace_size = library.small_step, library.small_step_workspace
        self._loss = loss
        recurrent, cell = model.recurrent, model.recurrent.cell
        self._weights = recurrent.weights(0, 0)
        self._dtype = self._weights["weight_hh"].dtype
        self._logits_dtype = torch.bfloat16 if bf16 else self._dtype
        self._group = optimizer.param_groups[0]
        self._hidden_size, self._classes = cell.hidden_size, model.signature.outputs.size
        self._state_tensors = 2 if cell.name == "lstm" else 1
        self._state_type: Any = type(recurrent.initial_state(1)[0])
        embedding = model.embedding
        embedding_size = 0 if embedding is None else embedding.embedding_dim
        gates = len(self._weights["weight_hh"])
        width = embedding_size or 1
        self._products = gates * (self._hidden_size + width) + self._classes * self._hidden_size
        self._class_weights: Tensor | None = None
        if loss.weights is not None:
            self._class_weights = torch.tensor(loss.weights, dtype=self._dtype, device="cpu")
        self._tensors = [_tensors(optimizer, parameter) for parameter in _parameters(model)]
        self._arguments = arguments = SmallStepArguments(
            element_size=self._dtype.itemsize,
            level=library.level,
            cell=CELLS.index(cell.name),
            symbols=model.signature.input_size,
            embedding_size=embedding_size,
            hidden_size=self._hidden_size,
            classes=self._classes,
            ignored=IGNORED,
            smoothing=loss.smoothing,
            optimizer=_kind(optimizer),
            clip_norm=clip_norm or 0.0,
            bf16=bf16,
        )
        if self._class_weights is not None:
            arguments.class_weights = self._class_weights.data_ptr()
        self._reference = ctypes.byref(arguments)
        self._pointers: list[int] = []
        self._shape: tuple[int, ...] = ()
        self._workspace = memory(0)

    def __call__(self, batch: Batch, state: State | None) -> WholeStepResult | None:
        """See AbstractWholeStep; batches of much work are left to torch."""
        tokens, targets = batch.inputs, batch.targets
        if batch.lengths is not None or batch.resets is not None:
            return None
        if not tokens.dtype == targets.dtype == torch.int64 or tokens.shape != targets.shape:
            return None
        rows, steps = shape = tokens.shape
        if not 0 < rows * steps * self._products <= MAX_PRODUCTS:
            return None
        tokens, targets = tokens.contiguous(), targets.contiguous()
        arguments, dtype = self._arguments, self._dtype
        self._set_pointers()
        _set_optimizer(arguments, self._group)
        arguments.tokens, arguments.targets = tokens.data_ptr(), targets.data_ptr()
        start: list[Tensor] = []
        if state is not None:
            start = [part.detach().to(dtype).contiguous() for part in state[0]]
            if any(part.shape != (rows, self._hidden_size) for part in start):
                return None
        last = [
            torch.empty(rows, self._hidden_size, dtype=dtype, device="cpu")
            for _ in range(self._state_tensors)
        ]
        arguments.hidden = start[0].data_ptr() if start else None
        arguments.next_hidden = last[0].data_ptr()
        if self._state_tensors > 1:
            arguments.cell_state = start[1].data_ptr() if start else None
            arguments.next_cell_state = last[1].data_ptr()
        logits = torch.empty(steps, rows, self._classes, dtype=self._logits_dtype, device="cpu")
        arguments.logits = logits.data_ptr()
        if shape != self._shape:
            self._shape = shape
            arguments.rows, arguments.steps = rows, steps
            size = self._workspace_size(self._reference)
            self._workspace = memory(size)
            arguments.workspace = self._workspace.data_ptr()
        if not self._run(self._reference):
            return None
        numbers = torch.tensor(
            (arguments.loss, arguments.norm, arguments.weight, arguments.plain_loss),
            dtype=dtype,
            device="cpu",
        ).unbind()
        counts = (arguments.correct, arguments.counted)
        correct, counted = torch.tensor(counts, device="cpu").unbind()
        loss = ClassLoss(
            numbers[0],
            correct,
            counted,
            None if self._class_weights is None else numbers[2],
            None if self._loss.is_plain else numbers[3],
        )
        after = (self._state_type(*last),)
        return WholeStepResult(loss, numbers[1], Output(logits.transpose(0, 1), after))

    def _set_pointers(self) -> None:
        """Sets the addresses of the weights and the optimizer's tensors, where one has changed."""
        pointers = [
            tensor.data_ptr()
            for tensors in self._tensors
            for tensor in tensors
            if tensor is not None
        ]
        if pointers == self._pointers:
            return
        self._pointers = pointers
        for parameter, tensors in zip(self._arguments.parameters, self._tensors, strict=True):
            values = [None if tensor is None else tensor.data_ptr() for tensor in tensors]
            parameter.weights, parameter.first, parameter.second, parameter.steps = values


def _parameters(model: RecurrentModel) -> list[Tensor | None]:
    """Returns the parameters in the order of ``enum zoo_parameter_name``."""
    weights, embedding = model.recurrent.weights(0, 0), model.embedding
    return [
        *(weights.get(name) for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")),
        model.output.weight,
        model.output.bias,
        None if embedding is None else embedding.weight,
    ]


def _tensors(optimizer: Optimizer, parameter: Tensor | None) -> tuple[Tensor | None, ...]:
    """Returns a parameter and what the optimizer keeps of it, as in ``struct zoo_parameter``."""
    if parameter is None:
        return None, None, None, None
    state: dict[str, Any] = optimizer.state.get(parameter, {})
    first = state.get("exp_avg", state.get("momentum_buffer"))
    return parameter, first, state.get("exp_avg_sq"), state.get("step")


def _kind(optimizer: Optimizer) -> int:
    """Returns the number of an optimizer in ``enum zoo_optimizer``."""
    if isinstance(optimizer, AdamW):  # a subclass of Adam in newer versions of torch
        return ADAMW
    return ADAM if isinstance(optimizer, Adam) else SGD


def _set_optimizer(arguments: SmallStepArguments, group: dict[str, Any]) -> None:
    """Sets the optimizer's numbers, which a schedule may have changed."""
    arguments.learning_rate, arguments.weight_decay = group["lr"], group["weight_decay"]
    if "betas" in group:
        arguments.beta_1, arguments.beta_2 = group["betas"]
        arguments.epsilon = group["eps"]
    else:
        arguments.momentum = group["momentum"]


def small_step(
    library: NativeLibrary,
    model: RecurrentModel,
    loss: CrossEntropy,
    optimizer: Optimizer,
    clip_norm: float | None,
    *,
    bf16: bool = False,
) -> SmallStep | None:
    """Returns the whole step of a model; None if its tensors are not as the library needs them.

    Args:
        library: The compiled functions.
        model: As for AbstractWholeStepKernel.
        loss: As for AbstractWholeStepKernel.
        optimizer: As for AbstractWholeStepKernel.
        clip_norm: As for AbstractWholeStepKernel.
        bf16: Whether products are in bfloat16, with weights in float32.
    """
    if model.recurrent.cell.name not in CELLS:
        return None
    used = {id(parameter) for parameter in _parameters(model) if parameter is not None}
    if used != {id(parameter) for parameter in model.parameters()}:
        return None  # a weight is made of other parameters
    dtype = model.output.weight.dtype
    for parameter in model.parameters():
        weight, first, second, steps = _tensors(optimizer, parameter)
        kept = [tensor for tensor in (weight, first, second) if tensor is not None]
        if any(tensor.dtype != dtype or not tensor.is_contiguous() for tensor in kept):
            return None
        needed = {ADAM: 3, ADAMW: 3, SGD: 2 if optimizer.param_groups[0].get("momentum") else 1}
        if len(kept) != needed[_kind(optimizer)]:
            return None
        if steps is not None and (steps.dtype != torch.float32 or steps.device.type != "cpu"):
            return None
    return SmallStep(library, model, loss, optimizer, clip_norm, bf16=bf16)
