"""A target: a bound on one ratio of measurements."""

from __future__ import annotations

from typing import NamedTuple, final


@final
class Target(NamedTuple):
    """A bound on the ratio of two measurements, and the measured ratio.

    Args:
        what: The ratio in words.
        floor: The bound that must be reached; None if there is only a goal.
        goal: The bound that is aimed at; None if there is only a floor.
        measured: The ratio; None if it was not measured.
        lower: Whether lower is better.
    """

    what: str
    floor: float | None
    goal: float | None
    measured: float | None
    lower: bool = False

    @property
    def verdict(self) -> str:
        """``met``, ``not met``, ``goal met``, ``goal not met`` or ``not measured``."""
        if self.measured is None:
            return "not measured"
        if self.floor is not None and not self._reaches(self.floor):
            return "not met"
        if self.goal is not None and self._reaches(self.goal):
            return "goal met"
        return "met" if self.floor is not None else "goal not met"

    def _reaches(self, bound: float) -> bool:
        assert self.measured is not None, "only a measured ratio has a verdict"
        return self.measured <= bound if self.lower else self.measured >= bound
