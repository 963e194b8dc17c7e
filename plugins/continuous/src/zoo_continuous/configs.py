"""Settings of the continuous-time models and of data with irregular times."""

from __future__ import annotations

from typing import Literal, TypeAlias

from zoo_core import AbstractEmbeddedRecurrentConfig, config, setting
from zoo_core.errors import ConfigError

Mode: TypeAlias = Literal["default", "pure", "no-gate"]
Activation: TypeAlias = Literal["lecun-tanh", "tanh", "relu", "silu"]
MAX_ROWS = 1_000_000
"""Rows of events, ten times those of their authors."""


@config
class CfcConfig(AbstractEmbeddedRecurrentConfig):
    """Layers of CfC."""

    mode: Mode = setting(
        default="default",
        help="How time enters: a gate between two heads, the closed form itself (pure), or a gate "
        "on one of two heads that are added (no-gate).",
    )
    backbone_units: int = setting(
        default=128, unit="units", at_least=1, help="Width of the layers below the heads."
    )
    backbone_layers: int = setting(
        default=1, unit="layers", at_least=1, at_most=100, help="Number of layers below the heads."
    )
    backbone_activation: Activation = setting(
        default="lecun-tanh", help="What each layer below the heads applies to its sums."
    )


@config
class EventsConfig:
    """Settings of event-xor and event-majority: bits that are given as events."""

    rows: int = setting(
        default=2000,
        unit="rows",
        at_least=3,
        at_most=MAX_ROWS,
        help="Rows of all splits.",
    )
    repeats: bool = setting(
        default=False,
        help="Whether rows of the training split may be equal, so that short rows are as frequent "
        "as long ones. Otherwise no two rows are; a row is never in two splits.",
    )
    max_bits: int = setting(
        default=31,
        unit="bits",
        at_least=3,
        at_most=60,
        help="Most bits of a row; the fewest are 2.",
    )
    times: bool = setting(
        default=True,
        help="Whether the rows have the times between events; without them each time is that of "
        "one bit, and the label cannot be known.",
    )
    seed: int = setting(default=0, at_least=0, help="Decides which rows are drawn.")
    validation: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction of the rows that is for validation."
    )
    test: float = setting(
        default=0.1, at_least=0, below=1, help="Fraction of the rows that is for the test."
    )

    def __post_init__(self) -> None:
        """Checks that there are enough rows to draw from.

        Raises:
            ConfigError: There are fewer rows of so few bits.
        """
        most = 2 ** (self.max_bits - 1)
        if self.rows > most:
            raise ConfigError(
                f"dataset.rows = {self.rows}: expected <= {most}, about a quarter of the "
                f"rows of 2 to {self.max_bits} bits, or a larger dataset.max_bits"
            )
