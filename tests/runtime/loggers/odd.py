"""Loggers that a run must survive, and one that notes what it receives."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import final

import torch

from zoo_core.run_folder.run_log import StepRow
from zoo_core.runtime.loggers.logger import AbstractLogger, LoggedEvent, LogTarget
from zoo_core.runtime.training.events import EpochEnded


@final
class NotingLogger(AbstractLogger):
    """Notes the events in ``notes.txt``, and draws random numbers while it does."""

    def __init__(self, target: LogTarget) -> None:
        self._notes: list[str] = []
        self._path = target.folder / "notes.txt"
        print("a line for stderr")  # noqa: T201  # as a library may

    def log(self, event: LoggedEvent) -> None:
        """Notes the type of an event."""
        torch.rand(7)
        self._notes.append(type(event).__name__)

    def close(self) -> None:
        """Writes the notes."""
        self._path.write_text(" ".join(self._notes))


@final
class ChangingLogger(AbstractLogger):
    """Leaves torch without gradients, with autocast and with another default dtype and device."""

    def __init__(self, target: LogTarget) -> None:
        self._autocasts: list[AbstractContextManager[object]] = []

    def log(self, event: LoggedEvent) -> None:
        """Changes what torch computes."""
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float64)
        torch.set_default_device("meta")
        self._autocasts.append(torch.autocast("cpu", torch.bfloat16))
        self._autocasts[-1].__enter__()


@final
class BrokenLogger(AbstractLogger):
    """Raises at the second epoch, and again when it is closed."""

    def __init__(self, target: LogTarget) -> None:
        pass

    def log(self, event: LoggedEvent) -> None:
        """Raises at an epoch above 1."""
        if isinstance(event, EpochEnded) and event.epoch > 1:
            raise ValueError("the disk\nis elsewhere")

    def close(self) -> None:
        """Raises."""
        raise RuntimeError("closed twice")


@final
class LeavingLogger(AbstractLogger):
    """Ends the process when it is made."""

    def __init__(self, target: LogTarget) -> None:
        raise SystemExit(3)

    def log(self, event: LoggedEvent) -> None:
        """Is never reached."""
        assert isinstance(event, StepRow)
