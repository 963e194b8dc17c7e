"""Residual networks of any recurrent cell."""

from __future__ import annotations

import math
from typing import Any, final

import torch
from torch import Tensor, nn

from zoo_core import Classes, Signature, Tokens
from zoo_core.runtime.building.cells import make_cell
from zoo_core.runtime.nn import (
    AbstractCell,
    AbstractModel,
    Batch,
    Output,
    Recurrent,
    State,
    elapsed_feature,
    split_elapsed,
    valid_steps,
)
from zoo_deep.configs import DeepConfig


@final
class Block(nn.Module):
    """A cell and an MLP, each with a normalization before it and a residual connection around it.

        y = x + drop(W_c cell(norm(x)))
        z = y + drop(W_2 gelu(W_1 norm(y) + b_1) + b_2)

    x, y and z are (B, T, H), norm is layer normalization with a gain and a bias of its own, and
    drop is dropout, in training alone. The cell runs over time, every other part at each step by
    itself. W_c is only there if the cell's outputs are not H numbers wide, W_1 is (M, H) and W_2
    (H, M).

    Sources: Xiong et al. (2020), On Layer Normalization in the Transformer Architecture, for the
    order of normalization and residual connection; De et al. (2024), Griffin, for the recurrence in
    the place of attention; Hendrycks & Gimpel (2016), Gaussian Error Linear Units.

    Args:
        cell: The equations of the recurrence.
        width: H.
        inner: M, the width of the MLP's inner layer.
        dropout: The probability with which a number is dropped.
    """

    def __init__(self, cell: AbstractCell[Any], width: int, inner: int, dropout: float) -> None:
        super().__init__()
        self.cell_norm = nn.LayerNorm(width)
        self.recurrent = Recurrent(cell, width)
        self.projection: nn.Linear | None = None
        if self.recurrent.output_size != width:
            self.projection = nn.Linear(self.recurrent.output_size, width, bias=False)
        self.mlp_norm = nn.LayerNorm(width)
        self.mlp = nn.Sequential(nn.Linear(width, inner), nn.GELU(), nn.Linear(inner, width))
        self.dropout = nn.Dropout(dropout)

    def forward(
        self,
        inputs: Tensor,
        state: State | None,
        lengths: Tensor | None,
        resets: Tensor | None,
        elapsed: Tensor | None,
    ) -> tuple[Tensor, State]:
        """Computes all steps.

        Args:
            inputs: x, (B, T, H).
            state: The state of the cell to start from; None for its initial state.
            lengths: The number of valid steps of each row, (B,).
            resets: Whether the state starts anew before a step, (B, T).
            elapsed: The time since the step before, (B, T), for a cell that takes it.

        Returns:
            z, (B, T, H), and the state after the last step.
        """
        # Dropout draws its mask in memory order, which depends on the kernel.
        outputs, after = self.recurrent(
            self.cell_norm(inputs), state, lengths=lengths, resets=resets, elapsed=elapsed
        )
        outputs = outputs.contiguous()
        if self.projection is not None:
            outputs = self.projection(outputs)
        between = inputs + self.dropout(outputs)
        added = self.mlp(self.mlp_norm(between))
        return between + self.dropout(added), after


@final
class DeepModel(AbstractModel):
    """Residual blocks between an embedding and a linear output layer.

        x_0 = drop(√H · E s)    or    x_0 = drop(W_0 f + b_0)
        x_i = block_i(x_{i-1}),    i = 1 ... depth
        logits = W norm(x_depth) + b

    s is a one-hot symbol and E its table, whose numbers start with the variance 1 / H; f is a
    vector of features, without the times where the cell takes them: those go to the cells of all
    blocks. With tied weights W is the table (V, H). The state is that of the cells of
    all blocks, one after the other.

    Sources: those of ``Block``; Press & Wolf (2017), Using the Output Embedding to Improve Language
    Models, for the tied weights; Vaswani et al. (2017), Attention Is All You Need, section 3.4, for
    the factor √H.

    Args:
        config: The settings of the model.
        signature: The inputs and outputs.

    Raises:
        ConfigError: The cell is that of no recurrent model, or a setting of it is not allowed.
    """

    causal = True
    carries_state = True
    takes_resets = True

    def __init__(self, config: DeepConfig, signature: Signature) -> None:
        super().__init__(signature)
        width = config.hidden_size
        cell = make_cell(config.cell, config.cell_settings or (), config.cell_size or width)
        self._elapsed = elapsed_feature(signature) if cell.takes_elapsed else None
        self.embedding: nn.Embedding | nn.Linear
        if isinstance(signature.inputs, Tokens):
            self.embedding = nn.Embedding(signature.input_size, width)
            nn.init.normal_(self.embedding.weight, std=width**-0.5)
        else:
            others = signature.input_size - (self._elapsed is not None)
            self.embedding = nn.Linear(others, width)
        self.dropout = nn.Dropout(config.dropout)
        self.blocks = nn.ModuleList(
            Block(cell, width, config.mlp_factor * width, config.dropout)
            for _ in range(config.depth)
        )
        self.norm = nn.LayerNorm(width)
        self.output = nn.Linear(width, signature.outputs.width)
        outputs = signature.outputs
        predicts_symbols = isinstance(outputs, Classes) and outputs.next_token
        if config.tie_weights and predicts_symbols and outputs.size == signature.input_size:
            self.output.weight = self.embedding.weight

    def initial_state(self, batch_size: int) -> State:
        """Returns the initial states of the cells of all blocks."""
        states: list[State] = [
            block.recurrent.initial_state(batch_size) for block in self.recurrent_blocks
        ]
        return tuple(part for state in states for part in state)

    @property
    def recurrent_blocks(self) -> list[Block]:
        """The blocks, with their type."""
        return [block for block in self.blocks if isinstance(block, Block)]

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Tokens (B, T) or features (B, T, F) to logits (B, T, W) or (B, W)."""
        inputs, elapsed = batch.inputs, None
        if self._elapsed is not None:
            inputs, elapsed = split_elapsed(inputs, self._elapsed)
        hidden = self.dropout(self._embed(inputs, batch.lengths))
        after: list[Any] = []
        for number, block in enumerate(self.recurrent_blocks):
            start = None if state is None else state[number : number + 1]
            hidden, end = block(hidden, start, batch.lengths, batch.resets, elapsed)
            after += end
        if self.signature.outputs.per != "step":
            hidden = _last(hidden, batch.lengths)
        return Output(self.output(self.norm(hidden)), tuple(after))

    def _embed(self, inputs: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns x_0 before dropout, (B, T, H)."""
        if isinstance(self.embedding, nn.Embedding):
            embedded: Tensor = self.embedding(inputs)
            return math.sqrt(embedded.shape[2]) * embedded
        if lengths is not None:  # a padding that is not finite would reach the weights' gradient
            valid = valid_steps(lengths, inputs.shape[1], inputs.device)
            inputs = inputs.masked_fill(~valid.unsqueeze(2), 0)
        features: Tensor = self.embedding(inputs)
        return features


def _last(hidden: Tensor, lengths: Tensor | None) -> Tensor:
    """Returns the vector of the last valid step of each row, (B, H), of (B, T, H)."""
    if lengths is None:
        return hidden[:, -1]
    last = (lengths.to(hidden.device) - 1).long()
    return hidden[torch.arange(len(last), device=hidden.device), last]
