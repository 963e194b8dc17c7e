"""The interface of a logger, for plugins."""

from __future__ import annotations

from abc import ABC, abstractmethod
from pathlib import Path
from typing import NamedTuple, TypeAlias, final

from zoo_core.run_folder.run_config import RunConfig
from zoo_core.run_folder.run_log import StepRow
from zoo_core.runtime.training.events import EpochEnded, Finished, Saved, Started

LoggedEvent: TypeAlias = Started | StepRow | EpochEnded | Saved | Finished
"""What a logger receives, in the order of the run: ``StepRow`` for every step, none left out."""


@final
class LogTarget(NamedTuple):
    """The run that a logger is attached to.

    A resumed run repeats what came after its saved state. A logger that is made for one removes
    what it logged of steps above ``step`` and of the epochs from ``epoch`` on.

    Args:
        folder: A folder for the logger's own files, in the run folder; it exists.
        name: The name of the run folder.
        run_config: Everything that decides the run.
        step: The optimizer steps of the saved state; 0 for a new run.
        epoch: The epoch that is trained next, or again, from 1.
    """

    folder: Path
    name: str
    run_config: RunConfig
    step: int
    epoch: int


class AbstractLogger(ABC):
    """Receives the events of one run.

    What a logger raises disables it with a warning; the run goes on. What it prints goes to stderr.
    Torch's random state is the same after each call, and so are gradient and inference mode,
    autocast, and the default dtype and device.
    """

    @abstractmethod
    def log(self, event: LoggedEvent) -> None:
        """Logs an event. Steps arrive late, many in a row, so their own order is the time."""

    def flush(self) -> None:  # noqa: B027  # what keeps nothing has nothing to write
        """Writes what was logged to disk: a state is about to be saved, and a kill may follow."""

    def close(self) -> None:  # noqa: B027  # the same
        """Ends the log; the last call, also where the run is interrupted or fails."""
