"""Settings of the models from scratch."""

from __future__ import annotations

from zoo_core import config, setting


@config
class ScratchConfig:
    """One recurrence over one-hot symbols, as in the book."""

    hidden_size: int = setting(
        default=256, unit="units", at_least=1, help="Width of the hidden state."
    )
    sigma: float = setting(
        default=0.01, above=0, help="Standard deviation of the initial weights; biases are zero."
    )
