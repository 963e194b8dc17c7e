"""Settings of the models of linear recurrences."""

from __future__ import annotations

from typing import Literal, TypeAlias

from zoo_core import AbstractEmbeddedRecurrentConfig, config, setting
from zoo_core.errors import ConfigError

Candidate: TypeAlias = Literal["linear", "positive"]


@config
class LinearConfig(AbstractEmbeddedRecurrentConfig):
    """Layers of a linear recurrence, above an embedding if the inputs are tokens."""


@config
class MinimalConfig(LinearConfig):
    """Layers of minimal GRU or LSTM."""

    candidate: Candidate = setting(
        default="linear",
        help="linear: the candidate is a sum of inputs; positive: a positive function of it, as in "
        "the paper's form for logarithms.",
    )


@config
class LruConfig(LinearConfig):
    """Layers of LRU."""

    bias: bool = setting(
        default=False, help="Whether the outputs have a bias, which the paper has not."
    )
    min_radius: float = setting(
        default=0.0, at_least=0, below=1, help="Least absolute value of an eigenvalue at the start."
    )
    max_radius: float = setting(
        default=0.99,
        above=0,
        at_most=1,
        help="Greatest absolute value of an eigenvalue at the start.",
    )
    max_phase: float = setting(
        default=6.28, unit="radians", above=0, help="Greatest phase of an eigenvalue at the start."
    )

    def __post_init__(self) -> None:
        """Checks the radii.

        Raises:
            ConfigError: The least one is not below the greatest.
        """
        if self.min_radius >= self.max_radius:
            raise ConfigError(
                f"model.min_radius = {self.min_radius:g}: expected < model.max_radius = "
                f"{self.max_radius:g}"
            )
