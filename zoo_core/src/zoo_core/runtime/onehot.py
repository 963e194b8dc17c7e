"""One-hot vectors."""

from __future__ import annotations

from typing import final

import torch
from torch import Tensor, nn

from zoo_core.signature import Inputs, Tokens


@final
class OneHot(nn.Module):
    """Tokens as one-hot vectors, which are rows of the identity matrix; features as they are.

    Args:
        inputs: What comes in: tokens or features.
    """

    identity: Tensor | None

    def __init__(self, inputs: Inputs) -> None:
        super().__init__()
        identity = torch.eye(inputs.size) if isinstance(inputs, Tokens) else None
        self.register_buffer("identity", identity, persistent=False)

    def forward(self, inputs: Tensor) -> Tensor:
        """Tokens (B, T) to (B, T, V); features (B, T, F) unchanged."""
        return inputs if self.identity is None else nn.functional.embedding(inputs, self.identity)
