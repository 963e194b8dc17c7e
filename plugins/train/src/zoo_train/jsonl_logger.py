"""The logger ``jsonl``."""

from __future__ import annotations

import json
import os
from typing import final

from zoo_core.run_folder.run_log import StepRow
from zoo_core.runtime.loggers.logger import AbstractLogger, LoggedEvent, LogTarget
from zoo_core.runtime.training.events import EpochEnded
from zoo_core.storage.atomic import keep_lines


@final
class JsonlLogger(AbstractLogger):
    """Writes ``events.jsonl``: an object per step, and one per epoch with its metrics.

    Unlike ``steps.jsonl`` of the run folder it leaves no step out. An interrupted and resumed run
    gives the same bytes as an uninterrupted one.

    Args:
        target: The run.
    """

    def __init__(self, target: LogTarget) -> None:
        path = target.folder / "events.jsonl"
        keep_lines(path, lambda line: _is_before(line, target))
        self._step = target.step
        self._file = path.open("a", encoding="utf-8")

    def log(self, event: LoggedEvent) -> None:
        """Adds a step or an epoch."""
        match event:
            case StepRow():
                self._step = event.step
                self._write({"event": "step", **event._asdict()})
            case EpochEnded():
                self._write(
                    {
                        "event": "epoch",
                        "epoch": event.epoch,
                        "step": self._step,
                        "metrics": event.metrics,
                        "text": event.text,
                    }
                )

    def _write(self, row: dict[str, object]) -> None:
        self._file.write(json.dumps(row) + "\n")

    def flush(self) -> None:
        """Syncs the file."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def _is_before(line: bytes, target: LogTarget) -> bool:
    """Whether a line is of a step or an epoch that the run does not repeat."""
    try:
        row = json.loads(line)
        if row["event"] == "epoch":
            return bool(row["epoch"] < target.epoch)
        return bool(row["step"] <= target.step)
    except (ValueError, KeyError, TypeError, RecursionError):
        return False
