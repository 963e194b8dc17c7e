"""The first model of the lesson: three characters, unrolled by hand."""

from __future__ import annotations

from typing import final

import torch
from torch import nn

from zoo_chars.configs import CharConfig
from zoo_core import Signature
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn import AbstractModel, Batch, Embedding, HiddenState, Output, State


@final
class CharThree(AbstractModel):
    """Predicts the symbol after three others, with the recurrence written out three times.

        i_t = relu(W_i x_t + b_i), t = 1, 2, 3
        h_1 = tanh(W_h i_1 + b_h)
        h_2 = tanh(W_h (h_1 + i_2) + b_h)
        h_3 = tanh(W_h (h_2 + i_3) + b_h)
        z = W_o h_3 + b_o

    x_t is the embedding of the symbol t (B, E), h_t a hidden state (B, H), z the logits
    (B, classes). W_i and b_i are the layer ``input`` (H, E), W_h and b_h ``hidden`` (H, H), W_o and
    b_o ``output`` (classes, H).

    Source: fast.ai, Practical Deep Learning for Coders 2018, lesson 6.

    Args:
        config: The settings of the model.
        signature: Tokens, with a label per sequence.
    """

    causal = True
    carries_state = False
    window = 3

    def __init__(self, config: CharConfig, signature: Signature) -> None:
        super().__init__(signature)
        self.embedding = Embedding(config, signature.input_size)
        self.input = nn.Linear(config.embedding_size, config.hidden_size)
        self.hidden = nn.Linear(config.hidden_size, config.hidden_size)
        self.output = nn.Linear(config.hidden_size, signature.outputs.width)

    def initial_state(self, batch_size: int) -> None:
        """Returns None: the model carries no state from one window to the next."""

    def forward(self, batch: Batch, state: State | None = None) -> Output:
        """Tokens (B, 3) to logits (B, classes), with the hidden state that they are made from.

        Raises:
            MisfitError: A sequence is not three symbols long.
        """
        if batch.inputs.shape[1] != self.window or batch.lengths is not None:
            raise MisfitError(
                f"char-three reads 3 symbols, not {batch.inputs.shape[1]}; give it 3, "
                "or set --dataset.steps 3 for a text dataset"
            )
        first, second, third = self.embedding(batch.inputs).unbind(dim=1)  # (B, E) each
        hidden = torch.tanh(self.hidden(torch.relu(self.input(first))))  # (B, H)
        hidden = torch.tanh(self.hidden(hidden + torch.relu(self.input(second))))
        hidden = torch.tanh(self.hidden(hidden + torch.relu(self.input(third))))
        return Output(self.output(hidden), (HiddenState(hidden),))
