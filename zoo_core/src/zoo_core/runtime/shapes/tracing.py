"""Watching one batch go through a model: the name and shape of every tensor on its way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
class Seen(NamedTuple):
    """A tensor that was seen.

    Args:
        name: Where.
        kind: ``input``, ``activation``, ``step`` (of one step t), ``state`` or ``parameter``.
        shape: Its shape.
    """

    name: str
    kind: str
    shape: tuple[int, ...]


@torch.no_grad()
def trace(model: AbstractModel, batch: Batch) -> list[Seen]:
    """Every tensor of a batch's way through a model, in order, and the parameters.

    The recurrence is watched layer by layer, direction by direction; of its steps, all of one
    shape, one is told.
    """
    seen = [Seen("inputs", "input", tuple(batch.inputs.shape))]
    hooks = []
    for name, module in model.named_modules():
        if isinstance(module, Recurrent):
            module.kernels = (_Watch(module.kernel, name, module, seen.append),)
        elif name and next(module.children(), None) is None:
            hooks.append(module.register_forward_hook(_watch(name, seen.append)))
    output: Output = model.eval()(batch)
    for hook in hooks:
        hook.remove()
    seen.append(Seen("logits", "activation", tuple(output.logits.shape)))
    return seen + [
        Seen(name, "parameter", tuple(each.shape)) for name, each in model.named_parameters()
    ]


def _watch(name: str, note: Callable[[Seen], None]) -> Callable[[nn.Module, Any, Any], None]:
    def watch(module: nn.Module, inputs: Any, output: Any) -> None:
        if isinstance(output, Tensor):
            note(Seen(name, "activation", tuple(output.shape)))

    return watch


@final
class _Watch(AbstractKernel):
    """A kernel that lets another one run, and notes what goes in and out."""

    name = "watch"

    def __init__(
        self, inner: AbstractKernel, path: str, layer: Recurrent, note: Callable[[Seen], None]
    ) -> None:
        self.inner, self.note = inner, note
        self.names: Iterator[str] = iter(
            [
                f"{path}.l{number}{'_reverse' if direction else ''}"
                for number in range(layer.num_layers)
                for direction in range(layer.directions)
            ]
        )

    def refuses(self, cell: AbstractCell[Any], like: Tensor) -> str | None:
        """Nothing: the other one was chosen because it runs this cell."""
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
        outputs, after = self.inner.scan(
            cell, weights, inputs, state, lengths=lengths, reverse=reverse
        )
        self.note(Seen(f"{name}.input", "activation", tuple(inputs.shape)))
        self.note(Seen(f"{name}.x_t", "step", tuple(inputs[:, 0].shape)))
        self.note(Seen(f"{name}.h_t", "step", tuple(outputs[:, 0].shape)))
        self.note(Seen(f"{name}.output", "activation", tuple(outputs.shape)))
        for field, tensor in zip(after._fields, after, strict=True):
            self.note(Seen(f"{name}.{field}", "state", tuple(tensor.shape)))
        # batch first in memory too: what follows may turn axes where that is faster
        return outputs.contiguous(), after
