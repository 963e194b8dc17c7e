"""Numbers with bounds on the command line, which are shown as those of settings are."""

from __future__ import annotations

import math
from typing import final

import click

from zoo_core.configs.settings import FieldInfo


@final
class IntegerRange(click.IntRange):
    """An integer within bounds, which belong to the range."""

    def _describe_range(self) -> str:
        return _bounds(self.min, self.max)


@final
class NumberRange(click.FloatRange):
    """A number within bounds, which belong to the range."""

    def _describe_range(self) -> str:
        return _bounds(self.min, self.max)


def _bounds(at_least: float | None, at_most: float | None) -> str:
    """Returns bounds in words, such as ``>= 0 and <= 9``."""
    low = -math.inf if at_least is None else at_least
    high = math.inf if at_most is None else at_most
    return FieldInfo("", "", low, high, -math.inf, math.inf).bounds()
