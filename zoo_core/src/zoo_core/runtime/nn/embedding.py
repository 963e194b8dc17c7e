"""The embedding layer."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from zoo_core.configs.layers import AbstractEmbeddingConfig
from zoo_core.errors import ConfigError

TINY = 1e-7
"""What torch adds to a norm before it divides by it."""


@final
class Embedding(nn.Embedding):
    """torch's embedding with all its options, pure in evaluation.

    With ``max_norm``, torch scales the embeddings that are looked up, in place, whatever the mode.
    In training that is so here too; in evaluation the answer is the same and the weights stay.

    Args:
        config: What a person chose.
        symbols: V, how many there are.

    Raises:
        ConfigError: The padding symbol is none of them.
    """

    def __init__(self, config: AbstractEmbeddingConfig, symbols: int) -> None:
        if config.padding_idx is not None and config.padding_idx >= symbols:
            raise ConfigError(f"model.padding_idx = {config.padding_idx}: expected < {symbols}")
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
            # Adagrad makes sparse tensors, and torch warns until somebody has chosen
            torch.sparse.check_sparse_tensor_invariants.disable()  # type: ignore[no-untyped-call]

    def forward(self, input: Tensor) -> Tensor:
        """Tokens (B, T) to (B, T, E)."""
        if self.max_norm is None or self.training:
            return super().forward(input)
        rows = nn.functional.embedding(input, self.weight)
        norms = rows.norm(p=self.norm_type, dim=-1, keepdim=True)
        return rows * torch.where(norms > self.max_norm, self.max_norm / (norms + TINY), 1.0)

    def folds(self, tokens: Tensor) -> bool:
        """Whether what follows may multiply the table once instead of every row looked up.

        It repays where the tokens are no fewer than the table's rows, and it changes nothing where
        no option depends on which rows are looked up, and no hook waits for them.
        """
        options = (self.max_norm, self.padding_idx, self.scale_grad_by_freq, self.sparse)
        plain = options == (None, None, False, False) and not hooked(self)
        return plain and tokens.numel() >= self.num_embeddings


def hooked(module: nn.Module) -> bool:
    """Whether somebody waits for what goes into a module, comes out, or goes back through it."""
    return any(
        (
            module._forward_hooks,
            module._forward_pre_hooks,
            module._backward_hooks,
            module._backward_pre_hooks,
        )
    )
