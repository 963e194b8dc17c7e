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
    """A number within bounds, which belong to the range but for an open one; NaN is within none."""

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
        return _bounds(self.min, self.max, is_above=self.min_open)


def _bounds(low: float | None, high: float | None, *, is_above: bool = False) -> str:
    """Returns bounds in words, such as ``>= 0 and <= 9``.

    Args:
        low: The lower bound.
        high: The upper bound, which belongs to the range.
        is_above: Whether the lower bound does not belong to the range.
    """
    least = -math.inf if low is None or is_above else low
    above = low if low is not None and is_above else -math.inf
    most = math.inf if high is None else high
    return FieldInfo("", "", least, most, above, math.inf).bounds()
