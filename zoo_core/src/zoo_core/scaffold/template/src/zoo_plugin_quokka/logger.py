# [logger]
"""The logger, made for one run."""

from __future__ import annotations

from typing import final

from zoo_core.runtime.loggers.logger import AbstractLogger, LoggedEvent, LogTarget
from zoo_core.runtime.training.events import EpochEnded
from zoo_core.storage.atomic import keep_lines


@final
class QuokkaLogger(AbstractLogger):
    """Writes a line per epoch into ``losses.txt``: its number and its training loss.

    Args:
        target: The run.
    """

    def __init__(self, target: LogTarget) -> None:
        self.path = target.folder / "losses.txt"
        # A resumed run repeats what came after its saved state.
        keep_lines(self.path, lambda line: int(line.split()[0]) < target.epoch)

    def log(self, event: LoggedEvent) -> None:
        """Writes an epoch; steps and other events are not of interest."""
        if isinstance(event, EpochEnded):
            with self.path.open("a", encoding="utf-8") as file:
                file.write(f"{event.epoch} {event.metrics['train']['loss']:.4f}\n")


# [end]
