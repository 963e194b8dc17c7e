"""Settings of the trainers."""

from __future__ import annotations

from zoo_core import AbstractTrainerConfig, config, setting


@config
class SupervisedConfig(AbstractTrainerConfig):
    """Settings of supervised: training on labels."""


@config
class NextTokenConfig(AbstractTrainerConfig):
    """Settings of next-token: training on the next symbol."""

    carry_state: bool = setting(
        default=True,
        help="Whether the state continues from window to window (without gradients), or every "
        "window starts with a fresh state.",
    )
    prompt: str | None = setting(
        default=None,
        help="Text that the model continues during training, choosing the most likely symbols.",
    )
    prompt_every: int = setting(
        default=10,
        unit="epochs",
        at_least=1,
        help="Epochs from one continuation to the next.",
        needs=("a prompt", lambda config: config.prompt is not None),
    )
