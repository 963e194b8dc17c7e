"""Additive attention."""

from __future__ import annotations

from typing import NamedTuple, final

import torch
from torch import Tensor, nn


@final
class AttentionMemory(NamedTuple):
    """The source as a decoder with attention sees it, and the query of the next step.

    Args:
        keys: W_k h_s, (B, S, A); S is 0 before the source is read.
        values: The outputs of the encoder h_s, (B, S, P).
        valid: 1 for a step of the source and 0 for padding, (B, S).
        query: The last output of the decoder, (B, Q).
    """

    keys: Tensor
    values: Tensor
    valid: Tensor
    query: Tensor


@final
class AdditiveAttention(nn.Module):
    """A mean of the source whose weights depend on the decoder.

        e_s = v · tanh(W_q q + W_k h_s)
        a_s = exp(e_s) / Σ_r exp(e_r)
        c = Σ_s drop(a_s) h_s

    q is the query (Q,), the output of the decoder at the step before; h_s the output of the encoder
    at step s of the source (P,), and the sums run over the steps that are no padding. W_q is
    (A, Q), W_k (A, P) and v (A,), without biases. drop is dropout, in training alone.

    Source: Bahdanau, Cho & Bengio (2015), Neural Machine Translation by Jointly Learning to Align
    and Translate, appendix A.1.2; the dropout is that of Dive into Deep Learning.

    Args:
        query_size: Q.
        value_size: P.
        size: A, the width of the layer that compares.
        dropout: The probability with which a weight is dropped.
    """

    def __init__(self, query_size: int, value_size: int, size: int, dropout: float) -> None:
        super().__init__()
        self.query = nn.Linear(query_size, size, bias=False)
        self.key = nn.Linear(value_size, size, bias=False)
        self.score = nn.Linear(size, 1, bias=False)
        self.dropout = nn.Dropout(dropout)

    def forward(self, memory: AttentionMemory, padding: Tensor) -> tuple[Tensor, Tensor]:
        """Computes the context of one step.

        Args:
            memory: The source and the query.
            padding: Which steps of the source are padding, (B, S); it is the same at every step.

        Returns:
            c, (B, P), and the weights before dropout, (B, S).
        """
        compared = torch.tanh(self.query(memory.query).unsqueeze(1) + memory.keys)
        scores: Tensor = self.score(compared).squeeze(2)
        weights = scores.masked_fill(padding, -torch.inf).softmax(dim=1)
        context = torch.bmm(self.dropout(weights).unsqueeze(1), memory.values).squeeze(1)
        return context, weights
