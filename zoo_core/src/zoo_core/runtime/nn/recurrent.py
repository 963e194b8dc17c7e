"""The recurrent layer: owns the weights of a cell and runs it through time."""

from __future__ import annotations

from typing import Any, final

import torch
from torch import Tensor, nn

from zoo_core.configs.layers import AbstractRecurrentConfig
from zoo_core.runtime.nn.cell import AbstractCell
from zoo_core.runtime.nn.embedding import Embedding
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import State, check_lengths, check_state


@final
class Recurrent(nn.Module):
    """Layers of a cell over time, one or two directions, dropout between layers.

    Parameters are named, laid out and started as in torch.nn: ``weight_ih_l0``,
    ``weight_hh_l1_reverse`` and so on, each drawn from U(-1/√H, 1/√H); so a state dict moves
    between this and ``torch.nn.RNN``, ``LSTM`` and ``GRU``.

    Everything is batch first outside. Inside, the reference kernel takes the steps apart, the
    portable one puts them first, and the torch kernel hands ``batch_first`` on to torch, which
    turns the axes where its library wants the steps first.

    Args:
        cell: The equations.
        input_size: F, the width of the inputs, or how many symbols the tokens are chosen from.
        num_layers: Layers on top of each other.
        bidirectional: Whether a second pass runs from the last step to the first.
        dropout: Share of each layer's outputs but the last's that is dropped in training.
        orthogonal: Whether each gate's recurrent matrix starts as an orthogonal one, which keeps
            the length of what passes through it from step to step (Saxe, McClelland & Ganguli
            2014), in the place of the uniform draw.

    Attributes:
        kernels: The kernels to try, the fastest first and one that runs every cell last. The
            reference kernel alone, until the model is built from a run's settings.
    """

    def __init__(
        self,
        cell: AbstractCell[Any],
        input_size: int,
        *,
        num_layers: int = 1,
        bidirectional: bool = False,
        dropout: float = 0.0,
        orthogonal: bool = False,
    ) -> None:
        super().__init__()
        self.cell = cell
        self.num_layers = num_layers
        self.directions = 2 if bidirectional else 1
        self.output_size = cell.output_size * self.directions
        self.dropout = nn.Dropout(dropout)
        self.kernels: tuple[AbstractKernel, ...] = (ReferenceKernel(),)
        self._names = tuple(cell.parameter_shapes(input_size))
        bound = cell.hidden_size**-0.5
        for layer in range(num_layers):
            width = self.output_size if layer else input_size
            for direction in range(self.directions):
                suffix = _suffix(layer, direction)
                for name, shape in cell.parameter_shapes(width).items():
                    tensor = torch.empty(shape).uniform_(-bound, bound)
                    if orthogonal and name == "weight_hh":
                        for gate in tensor.chunk(shape[0] // cell.hidden_size):
                            nn.init.orthogonal_(gate)
                    self.register_parameter(name + suffix, nn.Parameter(tensor))

    @property
    def kernel(self) -> AbstractKernel:
        """The first kernel that can run this cell here; the reference can always."""
        like = self._like
        return next(each for each in self.kernels if each.refuses(self.cell, like) is None)

    @property
    def _like(self) -> Tensor:
        like: Tensor = getattr(self, self._names[0] + _suffix(0, 0))
        return like

    def initial_state(self, batch_size: int) -> State:
        """Zeros for every layer and direction."""
        count, like = self.num_layers * self.directions, self._like
        return tuple(self.cell.initial_state(batch_size, like) for _ in range(count))

    def forward(
        self,
        inputs: Tensor,
        state: State | None = None,
        lengths: Tensor | None = None,
        embedding: Embedding | None = None,
    ) -> tuple[Tensor, State]:
        """Runs through time.

        Args:
            inputs: Features (B, T, F), or tokens (B, T) in the place of one-hot vectors.
            state: Where to start; None for the initial state.
            lengths: Valid steps of each row, (B,).
            embedding: What the tokens go through first; its table is folded into the weights where
                that is faster.

        Returns:
            The last layer's outputs, (B, T, P) or (B, T, 2P), where P is the cell's output size,
            and the state after the last step. They share memory with what gradients need, so
            that they are not to be changed in place.

        Raises:
            MisfitError: The state or the lengths are not those of such inputs.
        """
        kernel, rows = self.kernel, inputs.shape[0]
        initial = self.initial_state(rows)
        if not torch.compiler.is_compiling():  # a trace holds for other numbers of rows
            check_state(rows, state, initial)
            if lengths is not None:
                check_lengths(rows, inputs.shape[1], lengths)
        states = list(state or initial)
        table = None
        if embedding is not None:
            folded = kernel.looks_up and embedding.folds(inputs)
            table = embedding.weight if folded else None
            inputs = inputs if folded else embedding(inputs)
        for layer in range(self.num_layers):
            outputs = []
            for direction in range(self.directions):
                index = layer * self.directions + direction
                weights = self.weights(layer, direction)
                if layer == 0 and table is not None:
                    weights["weight_ih"] = _fold(weights["weight_ih"], table)
                output, states[index] = kernel.scan(
                    self.cell,
                    weights,
                    inputs,
                    states[index],
                    lengths=lengths,
                    reverse=direction == 1,
                )
                outputs.append(output)
            inputs = outputs[0] if len(outputs) == 1 else torch.cat(outputs, dim=2)
            if layer < self.num_layers - 1:
                # the mask is drawn in memory order, which differs from kernel to kernel
                inputs = self.dropout(inputs.contiguous())
        return inputs, tuple(states)

    def weights(self, layer: int, direction: int) -> dict[str, Tensor]:
        """The weights of one layer and direction by the cell's names."""
        suffix = _suffix(layer, direction)
        return {name: getattr(self, name + suffix) for name in self._names}

    def last(self, state: State) -> Tensor:
        """The last layer's output at the last valid step of each direction: (B, P) or (B, 2P)."""
        return torch.cat([each[0] for each in state[-self.directions :]], dim=1)


def recurrent_layer(
    cell: AbstractCell[Any], input_size: int, config: AbstractRecurrentConfig
) -> Recurrent:
    """The recurrent layer that a config describes, over a cell and inputs of width F."""
    return Recurrent(
        cell,
        input_size,
        num_layers=config.num_layers,
        bidirectional=config.bidirectional,
        dropout=config.dropout,
        orthogonal=config.initialization == "orthogonal",
    )


def _fold(weight: Tensor, table: Tensor) -> Tensor:
    """W, (G, E), for embeddings as a weight for tokens, (G, V), by the embeddings' table (V, E)."""
    with torch.autocast(weight.device.type, enabled=False):
        return weight @ table.t()


def _suffix(layer: int, direction: int) -> str:
    return f"_l{layer}" + ("_reverse" if direction else "")
