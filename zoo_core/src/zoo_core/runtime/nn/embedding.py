"""The embedding layer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, final

import torch
from torch import Tensor, nn

from zoo_core.configs.layers import AbstractEmbeddingConfig
from zoo_core.errors import ConfigError

NORM_EPSILON = 1e-7
"""What torch adds to a norm before it divides by it."""


@final
class Embedding(nn.Embedding):
    """torch's embedding with all its options, without side effects in evaluation.

    With ``max_norm``, torch scales the rows that are looked up in place, in evaluation too. This
    layer scales them in place in training only; in evaluation it returns the same values and
    leaves the weights as they are.

    Args:
        config: The settings of the embedding.
        symbols: V, the number of symbols.

    Raises:
        ConfigError: ``padding_idx`` is not a symbol, or two settings exclude each other.
    """

    def __init__(self, config: AbstractEmbeddingConfig, symbols: int) -> None:
        if config.padding_idx is not None and config.padding_idx >= symbols:
            raise ConfigError(f"model.padding_idx = {config.padding_idx}: expected < {symbols}")
        if config.sparse and config.scale_grad_by_freq:
            raise ConfigError(
                "model.sparse = true does not go with model.scale_grad_by_freq = true: torch "
                "scales no sparse gradients; choose one of them"
            )
        super().__init__(
            symbols,
            config.embedding_size,
            padding_idx=config.padding_idx,
            max_norm=config.max_norm,
            norm_type=config.norm_type,
            scale_grad_by_freq=config.scale_grad_by_freq,
            sparse=config.sparse,
        )
        if config.sparse:
            # Adagrad makes sparse tensors, and torch warns until the check is set either way.
            torch.sparse.check_sparse_tensor_invariants.disable()  # type: ignore[no-untyped-call]

    def forward(self, input: Tensor) -> Tensor:
        """Tokens (B, T) to embeddings (B, T, E)."""
        if self.max_norm is None or self.training:
            return super().forward(input)
        rows = nn.functional.embedding(input, self.weight)
        norms = rows.norm(p=self.norm_type, dim=-1, keepdim=True)
        scale = self.max_norm / (norms + NORM_EPSILON)
        return rows * torch.where(norms > self.max_norm, scale, 1.0)

    def can_fold(self, tokens: Tensor) -> bool:
        """Whether the next layer may multiply the whole table once instead of every row.

        This is faster if there are at least as many tokens as rows of the table. It gives the
        same result if no option depends on the rows that are looked up, and no hook expects them.
        """
        return self.has_plain_rows and tokens.numel() >= self.num_embeddings

    @property
    def has_plain_rows(self) -> bool:
        """Whether no option depends on the rows that are looked up, and no hook expects them."""
        options = (self.max_norm, self.padding_idx, self.scale_grad_by_freq, self.sparse)
        return options == (None, None, False, False) and not has_hooks(self)


def has_hooks(module: nn.Module) -> bool:
    """Whether a forward or backward hook is registered on a module."""
    return any(hooks_of(module))


def hooks_of(module: nn.Module) -> tuple[Mapping[int, Any], ...]:
    """Returns what a module keeps its forward and backward hooks in, now and later."""
    return (
        module._forward_hooks,
        module._forward_pre_hooks,
        module._backward_hooks,
        module._backward_pre_hooks,
    )
