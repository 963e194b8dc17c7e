"""Settings of the trainers."""

from __future__ import annotations

from zoo_core import AbstractTrainerConfig, config, setting


@config
class SupervisedConfig(AbstractTrainerConfig):
    """Training on labels."""


@config
class NextTokenConfig(AbstractTrainerConfig):
    """Training on the next symbol."""

    carry_state: bool = setting(
        default=True,
        help="Whether the state goes on from window to window (detached) or starts anew.",
    )
    prompt: str | None = setting(
        default=None, help="Text that the model goes on from, greedily, while it trains."
    )
    prompt_every: int = setting(default=10, unit="epochs", at_least=1, help="How often it does so.")
