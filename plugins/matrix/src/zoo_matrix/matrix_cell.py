"""The interface of cells with a matrix for each head."""

from __future__ import annotations

from abc import abstractmethod
from typing import Generic, NamedTuple, TypeVar

import torch
from torch import Tensor

from zoo_core.runtime.nn import AbstractCell, Weights

S = TypeVar("S", bound=NamedTuple)


class AbstractMatrixCell(AbstractCell[S], Generic[S]):
    """A cell whose state is a matrix for each head, from keys to values.

    N is the number of heads, K the width of a key and a query, D that of a value; H = N · D. The
    weights are ``weight_ih`` (G, F) and ``bias_ih`` (G,), which hold the parts of a projected input
    one after the other, and each part its heads one after the other. The state starts at zeros.

    Args:
        hidden_size: H.
        num_heads: N.
        key_size: K; None for D.
        bias: Whether the projections have biases.
    """

    def __init__(
        self, hidden_size: int, num_heads: int = 1, key_size: int | None = None, bias: bool = True
    ) -> None:
        self.hidden_size = self.output_size = hidden_size
        self.num_heads = num_heads
        self.value_size = hidden_size // num_heads
        self.key_size = key_size or self.value_size
        self.has_bias = bias

    @property
    @abstractmethod
    def widths(self) -> tuple[int, ...]:
        """The widths of the parts of a projected input for one head; G is N times their sum."""

    @abstractmethod
    def activate(self, weights: Weights, parts: list[Tensor]) -> list[Tensor]:
        """Returns the parts of a projected input, (..., N, width) each, after their activations.

        Args:
            weights: The cell's weights.
            parts: The sums W_ih x + b_ih, (..., N, width) each.
        """

    @abstractmethod
    def run_chunks(
        self, parts: list[Tensor], state: S, valid: Tensor | None, size: int
    ) -> tuple[Tensor, S]:
        """Computes all steps in chunks, the steps of a chunk at once.

        Args:
            parts: The activated parts of the projected inputs in the order of time,
                (B, T, N, width) each; T is a multiple of ``size``.
            state: The state to start from.
            valid: Which steps change the state, (B, T); None if all do.
            size: The steps of a chunk.

        Returns:
            What is read at every step, (B, T, N, D), and the state after the last step.
        """

    @abstractmethod
    def read(self, weights: Weights, parts: list[Tensor], values: Tensor) -> Tensor:
        """Returns the outputs (..., P).

        Args:
            weights: The cell's weights.
            parts: The activated parts of the projected inputs, (..., N, width) each.
            values: What the queries read, (..., N, D).
        """

    def parameter_shapes(self, input_size: int) -> dict[str, tuple[int, ...]]:
        """Returns the shapes of ``weight_ih`` and the bias."""
        width = self.num_heads * sum(self.widths)
        shapes: dict[str, tuple[int, ...]] = {"weight_ih": (width, input_size)}
        return shapes | ({"bias_ih": (width,)} if self.has_bias else {})

    def project(self, weights: Weights, inputs: Tensor) -> Tensor:
        """Computes the activated parts: (B, T, F) or tokens (B, T) to (B, T, G)."""
        sums = super().project(weights, inputs)
        # under autocast, activations in half precision would lose what a gate near 1 keeps
        parts = self.activate(weights, self.split(sums.to(weights["weight_ih"].dtype)))
        return torch.cat([part.flatten(-2) for part in parts], dim=-1)

    def split(self, projected: Tensor) -> list[Tensor]:
        """Returns the parts (..., N, width) of a projected input (..., G)."""
        parts = projected.split_with_sizes([self.num_heads * width for width in self.widths], -1)
        return [
            part.reshape(*part.shape[:-1], self.num_heads, width)
            for part, width in zip(parts, self.widths, strict=True)
        ]

    def zeros(self, batch_size: int, like: Tensor, *widths: int) -> Tensor:
        """Returns zeros for each head, (B, N, *widths)."""
        return like.new_zeros(batch_size, self.num_heads, *widths)


def outer(left: Tensor, right: Tensor) -> Tensor:
    """Returns the outer product of vectors (..., K) and (..., D), (..., K, D)."""
    return left.unsqueeze(-1) * right.unsqueeze(-2)


def apply(vector: Tensor, matrix: Tensor) -> Tensor:
    """Returns the product of row vectors (..., K) and matrices (..., K, D), (..., D).

    It is a sum of products and no matmul, which autocast would compute in half precision.
    """
    return (vector.unsqueeze(-1) * matrix).sum(-2)


def by_heads(parts: list[Tensor], size: int) -> list[Tensor]:
    """Turns parts (B, T, N, width) into chunks of L steps for each head, (B, N, T/L, L, width)."""
    chunks = []
    for part in parts:
        rows, steps, heads, width = part.shape
        chunks.append(part.transpose(1, 2).reshape(rows, heads, steps // size, size, width))
    return chunks


def join_chunks(chunks: Tensor) -> Tensor:
    """Turns chunks (B, N, T/L, L, D) into steps (B, T, N, D)."""
    return chunks.flatten(2, 3).transpose(1, 2)
