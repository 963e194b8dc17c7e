"""Curves as text, for a terminal: a letter for each row of a comparison."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from string import ascii_letters
from typing import NamedTuple, final

from zoo_core.comparisons.comparison import Comparison
from zoo_core.comparisons.curves import MeanPoint, axis_of, curve

MIN_HEIGHT = 14
MIN_WIDTH = 24
"""Columns of the drawing without its labels."""
SPIKE = 10.0
"""A largest value this many times the smallest takes a logarithmic axis."""


def text_plot(comparison: Comparison, width: int) -> list[str]:
    """Returns lines with the mean of the metric over tokens, each curve with its name at the right.

    Args:
        comparison: The comparison; rows without a history are left out.
        width: Columns that a line may take.

    Returns:
        The lines; none if no row has two points.
    """
    axis = axis_of(comparison)
    curves = {}
    for mark, row in zip(ascii_letters, comparison.rows, strict=False):
        points = curve(comparison, row, axis)
        if len(points) > 1:
            curves[f"{mark} {row.label}"] = points
    if not curves:
        return []
    scale = _Scale.of([point.mean for points in curves.values() for point in points], len(curves))
    ticks = {line: f"{scale.value(line):.3g}" for line in (0, scale.height // 2, scale.height - 1)}
    margin = max(map(len, ticks.values()))
    columns = max(width - margin - max(map(len, curves)) - 4, MIN_WIDTH)
    right = max(points[-1].x for points in curves.values())
    drawing = [[" "] * columns for _ in range(scale.height)]
    for label, points in reversed(curves.items()):  # the best is drawn last, over the others
        for column, line in _cells(points, columns, right, scale):
            drawing[line][column] = label[0]
    names = _place(
        {label: scale.line(points[-1].mean) for label, points in curves.items()}, scale.height
    )
    lines = [f"{comparison.split} {comparison.metric.replace('_', ' ')}"]
    for line, cells in enumerate(drawing):
        tick = ticks.get(line, "").rjust(margin)
        lines.append(f"{tick} │{''.join(cells)} {names.get(line, '')}".rstrip())
    lines.append(f"{' ' * margin} └{'─' * columns}")
    end = f"{right:,.0f} {axis}"
    lines.append(f"{' ' * margin}  0{end.rjust(columns - 1)}")
    return lines


@final
class _Scale(NamedTuple):
    """The vertical axis, whose lines count from the top.

    Args:
        low: The value of the lowest line, or its logarithm.
        high: The value of the highest line, or its logarithm.
        is_log: Whether the axis is logarithmic.
        height: The number of lines.
    """

    low: float
    high: float
    is_log: bool
    height: int

    @classmethod
    def of(cls, values: Sequence[float], curves: int) -> _Scale:
        """Returns the scale of values, with a line for the name of each curve."""
        low, high = min(values), max(values)
        is_log = low > 0 and high >= SPIKE * low
        if is_log:
            low, high = math.log(low), math.log(high)
        return cls(low, high, is_log, max(MIN_HEIGHT, curves))

    def line(self, value: float) -> int:
        """Returns the line of a value."""
        position = math.log(value) if self.is_log else value
        span = self.high - self.low
        return round((self.height - 1) * (self.high - position) / span) if span else 0

    def value(self, line: int) -> float:
        """Returns the value of a line."""
        position = self.high - line * (self.high - self.low) / (self.height - 1)
        return math.exp(position) if self.is_log else position


def _cells(
    points: Sequence[MeanPoint], columns: int, right: float, scale: _Scale
) -> Iterable[tuple[int, int]]:
    """Yields column and line of a curve, which is straight between its points."""
    for before, after in pairwise(points):
        first = int((columns - 1) * before.x / right)
        last = int((columns - 1) * after.x / right)
        for column in range(first, last + 1):
            share = (column - first) / (last - first) if last > first else 1.0
            yield column, scale.line(before.mean + share * (after.mean - before.mean))


def _place(lines: Mapping[str, int], height: int) -> dict[int, str]:
    """Returns a line for each name, as near as possible to the one it asks for."""
    placed: dict[int, str] = {}
    for name, line in lines.items():
        free = [candidate for candidate in range(height) if candidate not in placed]
        placed[min(free, key=lambda candidate: abs(candidate - line))] = name
    return placed
