"""Numbers with bounds on the command line, which are shown as those of settings are."""

from __future__ import annotations

import math
from typing import Any, final

import click

from zoo_core.configs.settings import FieldInfo


@final
class IntegerRange(click.IntRange):
    """An integer within bounds, which belong to the range."""

    name = "integer"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Returns a value of the command line as an integer."""
        try:
            int(value)
        except ValueError:
            self.fail(f"{value!r:.40} is not an integer {self._describe_range()}", param, ctx)
        return super().convert(value, param, ctx)

    def _describe_range(self) -> str:
        return _bounds(self.min, self.max)


@final
class NumberRange(click.FloatRange):
    """A number within bounds, which belong to the range; NaN is within none."""

    name = "number"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Returns a value of the command line as a number."""
        try:
            float(value)
        except ValueError:
            self.fail(f"{value!r:.40} is not a number {self._describe_range()}", param, ctx)
        number: float = super().convert(value, param, ctx)
        if math.isnan(number):
            self.fail(f"{value} is not in the range {self._describe_range()}.", param, ctx)
        return number

    def _describe_range(self) -> str:
        return _bounds(self.min, self.max)


def _bounds(at_least: float | None, at_most: float | None) -> str:
    """Returns bounds in words, such as ``>= 0 and <= 9``."""
    low = -math.inf if at_least is None else at_least
    high = math.inf if at_most is None else at_most
    return FieldInfo("", "", low, high, -math.inf, math.inf).bounds()
