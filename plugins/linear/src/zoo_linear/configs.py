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
        default=6.28,
        unit="radians",
        above=0,
        at_most=6.2832,
        help="Greatest phase of an eigenvalue at the start; a full turn is 6.2832.",
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


@config
class RgLruConfig(LinearConfig):
    """Layers of RG-LRU."""

    min_decay: float = setting(
        default=0.9,
        above=0,
        below=1,
        help="Least factor of a state at a step with an open gate at the start.",
    )
    max_decay: float = setting(
        default=0.999,
        above=0,
        below=1,
        help="Greatest factor of a state at a step with an open gate at the start.",
    )

    def __post_init__(self) -> None:
        """Checks the factors.

        Raises:
            ConfigError: The least one is above the greatest.
        """
        if self.min_decay > self.max_decay:
            raise ConfigError(
                f"model.min_decay = {self.min_decay:g}: expected <= model.max_decay = "
                f"{self.max_decay:g}"
            )


@config
class S4dConfig(LinearConfig):
    """Layers of S4D."""

    state_size: int = setting(
        default=16, unit="numbers", at_least=1, help="Complex numbers in the state of each unit."
    )


@config
class S6Config(LinearConfig):
    """Layers of S6, with what surrounds it in Mamba."""

    bias: bool = setting(
        default=False, help="Whether the linear maps have biases, which Mamba's have not."
    )
    state_size: int = setting(
        default=16, unit="numbers", at_least=1, help="Numbers in the state of each channel."
    )
    expansion: int = setting(
        default=2, unit="channels", at_least=1, help="Channels for each unit of the output."
    )
    window: int = setting(
        default=4,
        unit="steps",
        at_least=2,
        at_most=1000,
        help="Inputs that the convolution sees, the last ones.",
    )
    rank: int | None = setting(
        default=None,
        unit="numbers",
        at_least=1,
        help="Numbers from which the step sizes are made; none: a sixteenth of the hidden size.",
    )
    negative_eigenvalues: bool = setting(
        default=False,
        help="Whether a step multiplies the state by numbers in [-1, 1], which can count parities, "
        "instead of [0, 1].",
    )


@config
class SruConfig(LinearConfig):
    """Layers of SRU."""

    highway_bias: float = setting(
        default=0.0,
        at_least=-20,
        at_most=20,
        help="Bias of the reset gate at the start; the lower, the more of an input passes by.",
        needs=("bias", lambda config: config.bias),
    )
