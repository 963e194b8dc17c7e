"""The models of the course of 2019, with batch normalization."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from zoo_chars.configs import BatchNormConfig, WordThreeConfig
from zoo_core import AbstractEmbeddingConfig, Signature
from zoo_core.errors import MisfitError
from zoo_core.runtime.building.cells import make_cell
from zoo_core.runtime.nn import (
    AbstractModel,
    Batch,
    Embedding,
    HiddenState,
    Output,
    Recurrent,
    State,
    valid_steps,
)


@final
class BatchNorm(nn.BatchNorm1d):
    """torch's batch normalization of rows (N, H), which takes one row in training too.

    One row has no variance, so the running averages normalize it, as in evaluation.
    """

    def forward(self, input: Tensor) -> Tensor:
        """Rows (N, H) to normalized rows (N, H)."""
        if self.training and len(input) == 1:
            return nn.functional.batch_norm(
                input, self.running_mean, self.running_var, self.weight, self.bias, eps=self.eps
            )
        return super().forward(input)


@final
class WordThree(AbstractModel):
    """Predicts the word after three others, with batch normalization in the recurrence.

        h_1 = norm(relu(W_h x_1 + b_h))    or    h_1 = norm(relu(x_1))
        h_2 = norm(relu(W_h (h_1 + x_2) + b_h))
        h_3 = norm(relu(W_h (h_2 + x_3) + b_h))
        z = W_o h_3 + b_o

    x_t is the embedding of the word t (B, H), h_t a hidden state (B, H), z the logits (B, classes).
    norm is batch normalization with a gain and a bias: over the rows of a step in training, with
    running averages of mean and variance in evaluation. W_h and b_h are the layer ``hidden``
    (H, H), W_o and b_o ``output`` (classes, H).

    Sources: Howard, fast.ai, Practical Deep Learning for Coders (2019), lesson 7; Ioffe & Szegedy
    (2015), Batch Normalization.

    Args:
        config: The settings of the model.
        signature: Tokens, with a label per sequence.
    """

    causal = True
    carries_state = False
    window = 3
    needs_whole_batch = True

    def __init__(self, config: WordThreeConfig, signature: Signature) -> None:
        super().__init__(signature)
        width = config.hidden_size
        self.embedding = nn.Embedding(signature.input_size, width)
        self.hidden = nn.Linear(width, width)
        self.norm = BatchNorm(width)
        self.output = nn.Linear(width, signature.outputs.width)
        self.starts_with_layer = config.first == "layer"

    def initial_state(self, batch_size: int) -> None:
        """Returns None: the model carries no state from one window to the next."""

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Tokens (B, 3) to logits (B, classes), with the hidden state that they are made from.

        Raises:
            MisfitError: A sequence is not three words long.
        """
        if batch.inputs.shape[1] != self.window or batch.lengths is not None:
            raise MisfitError(
                f"word-three reads 3 symbols, not {batch.inputs.shape[1]}; give it 3, "
                "or set --dataset.steps 3 for a text dataset"
            )
        first, second, third = self.embedding(batch.inputs).unbind(dim=1)  # (B, H) each
        if self.starts_with_layer:
            first = self.hidden(first)
        hidden = self.norm(torch.relu(first))  # (B, H)
        hidden = self.norm(torch.relu(self.hidden(hidden + second)))
        hidden = self.norm(torch.relu(self.hidden(hidden + third)))
        return Output(self.output(hidden), (HiddenState(hidden),))


@final
class BatchNormModel(AbstractModel):
    """Layers of any cell between an embedding and batch normalization.

        h = cells(x)
        z = W_o norm(h) + b_o

    x are the embeddings (B, T, H), h the outputs of the last layer (B, T, H), z the logits. norm is
    batch normalization with a gain and a bias: over rows and steps in training, steps of padding
    not counted, or over the rows of each step if there is no padding; with running averages of mean
    and variance in evaluation. The state is that of the cells and is not normalized.

    Sources: Howard, fast.ai, Practical Deep Learning for Coders (2019), lesson 7; Ioffe & Szegedy
    (2015), Batch Normalization.

    Args:
        config: The settings of the model.
        signature: Tokens, with a label per step or per sequence.
    """

    causal = True
    carries_state = True
    takes_resets = True
    needs_whole_batch = True

    def __init__(self, config: BatchNormConfig, signature: Signature) -> None:
        super().__init__(signature)
        width = config.hidden_size
        embedding = AbstractEmbeddingConfig(embedding_size=width)
        self.embedding = Embedding(embedding, signature.input_size)
        cell = make_cell(config.cell, (), width)
        self.recurrent = Recurrent(cell, width, num_layers=config.num_layers)
        self.norm = BatchNorm(self.recurrent.output_size)
        self.output = nn.Linear(self.recurrent.output_size, signature.outputs.width)
        self.is_by_step = config.statistics == "step"

    def initial_state(self, batch_size: int) -> State:
        """Returns the initial state of every layer."""
        return self.recurrent.initial_state(batch_size)

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Tokens (B, T) to logits (B, T, W) or (B, W)."""
        hidden, after = self.recurrent(
            batch.inputs, state, batch.lengths, self.embedding, batch.resets
        )
        if self.signature.outputs.per != "step":
            last = self.recurrent.last(hidden, after, batch.lengths)
            return Output(self.output(self.norm(last)), after)
        return Output(self.output(self._normalize(hidden, batch.lengths)), after)

    def _normalize(self, hidden: Tensor, lengths: Tensor | None) -> Tensor:
        """Returns the normalized outputs (B, T, H); padding stays what it is in training."""
        if self.training and self.is_by_step and lengths is None:
            return torch.stack([self.norm(step) for step in hidden.unbind(1)], dim=1)
        if self.training and lengths is not None:
            valid = valid_steps(lengths, hidden.shape[1], hidden.device)
            normalized = hidden.clone()
            normalized[valid] = self.norm(hidden[valid])
            return normalized
        flat: Tensor = self.norm(hidden.reshape(-1, hidden.shape[2]))
        return flat.view(hidden.shape)
