"""Settings of the trainers."""

from __future__ import annotations

from typing import Literal

from zoo_core import AbstractTrainerConfig, config, setting

BALANCED = "balanced"
"""Weights of classes that are the inverse of their frequencies."""


@config
class AbstractClassConfig(AbstractTrainerConfig):
    """Settings of the trainers on classes."""

    label_smoothing: float = setting(
        default=0.0,
        at_least=0,
        below=1,
        help="Share of each target that is spread evenly over all classes (Szegedy et al. 2016).",
    )
    class_weights: str | None = setting(
        default=None,
        help="What a target of each class counts for in the loss: a number for each class in "
        "order, such as 1 4.5, or balanced for the inverse of its frequency in training.",
    )

    @property
    def needs_class_counts(self) -> bool:
        """Whether the weights are the inverse frequencies of the classes."""
        return self.class_weights == BALANCED


@config
class SupervisedConfig(AbstractClassConfig):
    """Settings of supervised: training on labels."""


@config
class NextTokenConfig(AbstractClassConfig):
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


@config
class RegressionConfig(AbstractTrainerConfig):
    """Settings of regression: training on values."""

    loss: Literal["mse", "mae", "huber", "quantile"] = setting(
        default="mse",
        help="The loss: squared, absolute or Huber error, or the pinball loss of quantiles.",
    )
    delta: float = setting(
        default=1.0,
        above=0,
        help="Error from which the Huber loss grows linearly, in the scale of the targets.",
        needs=("the loss huber", lambda config: config.loss == "huber"),
    )
    quantiles: str = setting(
        default="0.1 0.5 0.9",
        help="The quantiles to predict, in order.",
        needs=("the loss quantile", lambda config: config.loss == "quantile"),
    )


@config
class MultiLabelConfig(AbstractTrainerConfig):
    """Settings of multi-label: training on several labels at once."""

    carry_state: bool = setting(
        default=True,
        help="Whether the state continues from window to window (without gradients), where the "
        "data has windows that continue each other.",
    )
