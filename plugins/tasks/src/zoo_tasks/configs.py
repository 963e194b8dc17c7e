"""Settings of the tasks."""

from __future__ import annotations

from itertools import pairwise
from typing import Literal

from zoo_core import AbstractTrainerConfig, config, setting
from zoo_core.errors import ConfigError


@config
class AbstractTaskConfig:
    """Settings that all tasks share: how many rows are drawn."""

    examples: int = setting(
        default=10_000, unit="rows", at_least=1, help="Rows of the training split."
    )
    held_out: int = setting(
        default=1_000,
        unit="rows",
        at_least=1,
        help="Rows of the validation split, and of the test split.",
    )
    seed: int = setting(default=0, at_least=0, help="Decides which rows are drawn.")


@config
class AbstractLengthsConfig(AbstractTaskConfig):
    """Settings of tasks whose rows have different lengths."""

    min_length: int = setting(
        default=3,
        unit="symbols",
        at_least=1,
        help="Symbols of the shortest rows of train and validation.",
    )
    max_length: int = setting(
        default=40, unit="symbols", at_least=1, help="Symbols of their longest rows."
    )
    test_min_length: int = setting(
        default=41, unit="symbols", at_least=1, help="Symbols of the shortest rows of test."
    )
    test_max_length: int = setting(
        default=256, unit="symbols", at_least=1, help="Symbols of the longest rows of test."
    )

    def __post_init__(self) -> None:
        names = ("min_length", "max_length", "test_min_length", "test_max_length")
        for name, longer in pairwise(names):
            if getattr(self, longer) < getattr(self, name):
                raise ConfigError(
                    f"dataset.{longer} = {getattr(self, longer)}: expected at least "
                    f"dataset.{name} = {getattr(self, name)}"
                )


@config
class ParityConfig(AbstractLengthsConfig):
    """Settings of parity: whether the number of ones is odd."""

    per: Literal["sequence", "step"] = setting(
        default="sequence",
        help="sequence: the parity of the whole row; step: of the bits up to each step.",
    )


@config
class TaskConfig(AbstractTrainerConfig):
    """Settings of task: training on the labels of a task."""


def sample_settings() -> dict[str, int]:
    """Returns settings for few rows, which checks read many times."""
    return {"examples": 64, "held_out": 16}
