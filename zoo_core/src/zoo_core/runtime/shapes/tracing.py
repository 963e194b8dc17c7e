"""Tracing of one batch through a model: the name and shape of every tensor."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import cycle
from typing import Any, NamedTuple, final

import torch
from torch import Tensor, nn

from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.cell import AbstractCell, Weights
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.state import LayerState


@final
class TracedTensor(NamedTuple):
    """A tensor that a model computes or holds.

    Args:
        name: Name of the module or parameter.
        kind: ``input``, ``activation``, ``step`` (at one step t), ``state`` or ``parameter``.
        shape: Shape of the tensor.
    """

    name: str
    kind: str
    shape: tuple[int, ...]


@torch.no_grad()
def trace(model: AbstractModel, batch: Batch) -> list[TracedTensor]:
    """Returns every tensor of a batch's way through a model, in order, and the parameters.

    Recurrent modules are traced by layer and direction. All steps have the same shapes, so one of
    them is returned, also of a module that the model calls at every step. The model cannot be used
    afterwards: its kernels are replaced.
    """
    tensors = [TracedTensor("inputs", "input", tuple(batch.inputs.shape))]
    hooks = []
    for name, module in model.named_modules():
        if isinstance(module, Recurrent):
            module.kernels = (_TracingKernel(module.kernel, name, module, tensors),)
        elif name and next(module.children(), None) is None:
            hooks.append(module.register_forward_hook(_tracing_hook(name, tensors)))
    output: Output = model.eval()(batch)
    for hook in hooks:
        hook.remove()
    tensors.append(TracedTensor("logits", "activation", tuple(output.logits.shape)))
    for name, parameter in model.named_parameters():
        tensors.append(TracedTensor(name, "parameter", tuple(parameter.shape)))
    return list(dict.fromkeys(tensors))


def _tracing_hook(name: str, tensors: list[TracedTensor]) -> Callable[[nn.Module, Any, Any], None]:
    """Returns a forward hook that appends the output of a module."""

    def hook(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            tensors.append(TracedTensor(name, "activation", tuple(output.shape)))

    return hook


@final
class _TracingKernel(AbstractKernel):
    """A kernel that runs another kernel and appends its inputs, outputs and states.

    Args:
        kernel: The kernel to run.
        path: Name of the recurrent module.
        layer: The recurrent module, whose layers and directions run in this order.
        tensors: Where to append.
    """

    name = "tracing"

    def __init__(
        self, kernel: AbstractKernel, path: str, layer: Recurrent, tensors: list[TracedTensor]
    ) -> None:
        self.kernel, self.tensors = kernel, tensors
        self.names: Iterator[str] = cycle(
            [
                f"{path}.l{number}{'_reverse' if direction else ''}"
                for number in range(layer.num_layers)
                for direction in range(layer.directions)
            ]
        )

    def unsupported_reason(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Returns None: the other kernel was chosen because it runs this cell."""
        return None

    def scan(
        self,
        cell: AbstractCell[Any],
        weights: Weights,
        inputs: Tensor,
        state: LayerState,
        *,
        lengths: Tensor | None,
        reverse: bool,
    ) -> tuple[Tensor, LayerState]:
        """See AbstractKernel."""
        name = next(self.names)
        outputs, after = self.kernel.scan(
            cell, weights, inputs, state, lengths=lengths, reverse=reverse
        )
        self._append(f"{name}.input", "activation", inputs)
        self._append(f"{name}.x_t", "step", inputs[:, 0])
        self._append(f"{name}.h_t", "step", outputs[:, 0])
        self._append(f"{name}.output", "activation", outputs)
        for field, tensor in zip(after._fields, after, strict=True):
            self._append(f"{name}.{field}", "state", tensor)
        # For outputs that are time-major in memory, the model would apply its head with swapped
        # axes, and the traced shapes would show them.
        return outputs.contiguous(), after

    def _append(self, name: str, kind: str, tensor: Tensor) -> None:
        self.tensors.append(TracedTensor(name, kind, tuple(tensor.shape)))
