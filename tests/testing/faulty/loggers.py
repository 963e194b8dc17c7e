"""Loggers: one that keeps the rules, and one that breaks each."""

from __future__ import annotations

from typing import final

from zoo_core.runtime.loggers.logger import AbstractLogger, LoggedEvent, LogTarget
from zoo_core.runtime.training.events import Started


@final
class Honest(AbstractLogger):
    """Writes nothing."""

    def __init__(self, target: LogTarget) -> None:
        self.target = target

    def log(self, event: LoggedEvent) -> None:
        """Takes an event."""


@final
class StepsAlone(AbstractLogger):
    """Expects every event to be a step."""

    def __init__(self, target: LogTarget) -> None:
        pass

    def log(self, event: LoggedEvent) -> None:
        """Takes a step."""
        assert not isinstance(event, Started), "no step"


@final
class NewFolder(AbstractLogger):
    """Expects an empty folder."""

    def __init__(self, target: LogTarget) -> None:
        (target.folder / "log.txt").touch(exist_ok=False)

    def log(self, event: LoggedEvent) -> None:
        """Takes an event."""
