"""The times of a series: their order, their step, their season, and the times that follow."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from statistics import median_low
from typing import final

MONTH = re.compile(r"(\d{4})-(\d{2})")
QUARTER = re.compile(r"(\d{4})-?[qQ]([1-4])")
MONTHS_IN_YEAR = 12
SEASONS = {
    timedelta(hours=1): 24,
    timedelta(days=1): 7,
    timedelta(days=7): 52,
}
"""The rows of a season by the step of the times."""
SEASONS_IN_MONTHS = {1: 12, 3: 4}


@final
@dataclass(frozen=True)
class Times:
    """Times that increase by a step.

    Args:
        kind: ``month``, ``quarter``, ``date``, ``datetime`` or ``number``.
        keys: The times as numbers: months, seconds since year 1, or the numbers themselves.
        months: Whether the keys count months.
        last: The last time as it is written.
    """

    kind: str
    keys: tuple[float, ...]
    months: bool
    last: str

    @property
    def step(self) -> float:
        """The median distance of two times, in the unit of the keys; 1 for a single time."""
        distances = [later - time for time, later in zip(self.keys, self.keys[1:], strict=False)]
        return median_low(distances) if distances else 1.0

    @property
    def season(self) -> int | None:
        """The rows of a season that the step suggests; None if it suggests none."""
        if self.months:
            return SEASONS_IN_MONTHS.get(int(self.step))
        if self.kind in ("date", "datetime"):
            return SEASONS.get(timedelta(seconds=self.step))
        return None

    def first_decrease(self) -> int | None:
        """Returns the position of the first time that is not after the one before it."""
        for position in range(1, len(self.keys)):
            if self.keys[position] <= self.keys[position - 1]:
                return position
        return None

    def following(self, count: int) -> list[str]:
        """Returns the times after the last one, written as it is."""
        return [self._written(number) for number in range(1, count + 1)]

    def _written(self, number: int) -> str:
        if self.months:
            months = int(self.keys[-1] + number * self.step)
            year, month = divmod(months, MONTHS_IN_YEAR)
            if self.kind == "quarter":
                letter = "q" if "q" in self.last else "Q"
                hyphen = "-" if "-" in self.last else ""
                return f"{year}{hyphen}{letter}{month // 3 + 1}"
            if self.kind == "month":
                return f"{year}-{month + 1:02}"
            return _same_day(datetime.fromisoformat(self.last), year, month + 1, self.last)
        if self.kind == "number":
            value = self.keys[-1] + number * self.step
            return str(int(value)) if value == int(value) and "." not in self.last else f"{value:g}"
        time = datetime.fromisoformat(self.last) + timedelta(seconds=number * self.step)
        return time.date().isoformat() if self.kind == "date" else _like(time, self.last)


def parse_times(labels: Sequence[str]) -> Times | None:
    """Returns the times of labels such as 2024-01-31, 2024-01, 2024Q1, 7 or 0.5; None otherwise."""
    labels = [label.strip() for label in labels]
    for kind, pattern, per in (("month", MONTH, 1), ("quarter", QUARTER, 3)):
        matches = [pattern.fullmatch(label) for label in labels]
        if all(match and 1 <= int(match[2]) <= MONTHS_IN_YEAR for match in matches):
            keys = [
                int(match[1]) * MONTHS_IN_YEAR + (int(match[2]) - 1) * per
                for match in matches
                if match
            ]
            return Times(kind, tuple(keys), True, labels[-1])
    try:
        return Times("number", tuple(map(float, labels)), False, labels[-1])
    except ValueError:
        pass
    try:
        times = [datetime.fromisoformat(label) for label in labels]
    except ValueError:
        return None
    if len({time.tzinfo is None for time in times}) > 1:
        return None
    kind = "date" if all(_is_date(label) for label in labels) else "datetime"
    if _is_monthly(times):
        keys = [time.year * MONTHS_IN_YEAR + time.month - 1 for time in times]
        return Times(kind, tuple(keys), True, labels[-1])
    start = datetime(1, 1, 1, tzinfo=times[0].tzinfo)
    return Times(kind, tuple((time - start).total_seconds() for time in times), False, labels[-1])


def _is_date(label: str) -> bool:
    try:
        date.fromisoformat(label)
    except ValueError:
        return False
    return True


def _is_monthly(times: Sequence[datetime]) -> bool:
    """Whether times are on the same day of each month, or on its last day."""
    months = [time.year * MONTHS_IN_YEAR + time.month for time in times]
    if len(set(months)) < len(times) or len(times) < 2:
        return False
    days = {time.day for time in times}
    return len(days) == 1 or all((time + timedelta(days=1)).day == 1 for time in times)


def _same_day(last: datetime, year: int, month: int, written: str) -> str:
    """Returns the day of a month that the last time has; its last day if that is the last time's.

    Args:
        last: The last time.
        year: The year of the time to write.
        month: The month of the time to write, from 1.
        written: The last time as it is written.
    """
    first_of_next = datetime(year + month // MONTHS_IN_YEAR, month % MONTHS_IN_YEAR + 1, 1)
    last_day = (first_of_next - timedelta(days=1)).day
    is_last_day = (last + timedelta(days=1)).day == 1
    day = last_day if is_last_day else min(last.day, last_day)
    time = last.replace(year=year, month=month, day=day)
    return time.date().isoformat() if _is_date(written) else _like(time, written)


def _like(time: datetime, written: str) -> str:
    """Returns a time with the separator that another one is written with."""
    return time.isoformat(sep="T" if "T" in written else " ")
