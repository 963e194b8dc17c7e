"""A promise: a bound on one figure, and whether it is kept."""

from __future__ import annotations

from typing import NamedTuple, final


@final
class Promise(NamedTuple):
    """A bound on one quotient of two figures.

    Args:
        what: In words.
        floor: What is promised; None where only a goal is set.
        goal: What is aimed at; None where nothing beyond the floor is.
        measured: The quotient, or None if it was not measured.
        lower: Whether less is better.
    """

    what: str
    floor: float | None
    goal: float | None
    measured: float | None
    lower: bool = False

    @property
    def verdict(self) -> str:
        """``met``, ``not met`` or ``not measured``; and whether the goal is."""
        if self.measured is None:
            return "not measured"
        if self.floor is not None and not self._reaches(self.floor):
            return "not met"
        if self.goal is not None and self._reaches(self.goal):
            return "goal met"
        return "met" if self.floor is not None else "goal not met"

    def _reaches(self, bound: float) -> bool:
        assert self.measured is not None, "asked only of what was measured"
        return self.measured <= bound if self.lower else self.measured >= bound
