"""A target: a bound on one ratio of measurements."""

from __future__ import annotations

from typing import NamedTuple, final

NOISE = 0.05
"""How near a floor a ratio is near, in parts of the floor."""
OUT_OF_REACH = "out of reach"
"""The verdict on a floor that this processor cannot reach."""


@final
class Target(NamedTuple):
    """A bound on the ratio of two measurements, and the measured ratio.

    A ratio near the bound may be on either side of it by chance, so it is measured three times.

    Args:
        what: The ratio in words.
        floor: The bound that must be reached; None if there is only a goal.
        goal: The bound that is aimed at; None if there is only a floor.
        measured: The ratio; None if it was not measured.
        lower: Whether lower is better.
        source: The benchmark and the case that the ratio comes from; empty if another run would
            give the same.
        runs: The number of runs that measured it.
        noise: How near the floor a ratio is near; by default 5 % of the floor.
        highest: The ratio at the highest speed of this processor; None if that is not known.
    """

    what: str
    floor: float | None
    goal: float | None
    measured: float | None
    lower: bool = False
    source: tuple[str, str] = ("", "")
    runs: int = 1
    noise: float | None = None
    highest: float | None = None

    @property
    def near(self) -> bool:
        """Whether noise may decide if the floor is reached."""
        if self.measured is None or self.floor is None or not self.source[0]:
            return False
        noise = NOISE * self.floor if self.noise is None else self.noise
        return abs(self.measured - self.floor) <= noise

    @property
    def verdict(self) -> str:
        """The verdict in words.

        ``met``, ``not met``, ``goal met``, ``goal not met`` or ``not measured``, or ``out of
        reach`` if the highest speed of this processor would not meet the floor.
        """
        if self.measured is None:
            return "not measured"
        if self.floor is not None and not self._reaches(self.floor):
            is_possible = self.highest is None or self.highest >= self.floor
            return "not met" if is_possible else OUT_OF_REACH
        if self.goal is not None and self._reaches(self.goal):
            return "goal met"
        return "met" if self.floor is not None else "goal not met"

    def _reaches(self, bound: float) -> bool:
        assert self.measured is not None, "only a measured ratio has a verdict"
        return self.measured <= bound if self.lower else self.measured >= bound
