"""The logger ``csv``."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import final

from zoo_core.run_folder.run_log import StepRow
from zoo_core.runtime.loggers.logger import AbstractLogger, LoggedEvent, LogTarget
from zoo_core.runtime.training.events import EpochEnded
from zoo_core.storage.atomic import keep_lines


@final
class CsvLogger(AbstractLogger):
    """Writes ``steps.csv``, a row per step, and ``epochs.csv``, a row per epoch.

    The columns of the first are those of ``steps.jsonl``; those of the second are ``epoch``,
    ``step`` and the metrics, such as ``validation.loss``. An interrupted and resumed run gives the
    same bytes as an uninterrupted one.

    Args:
        target: The run.
    """

    def __init__(self, target: LogTarget) -> None:
        self._step = target.step
        self._steps = _Table(target.folder / "steps.csv", target.step)
        self._epochs = _Table(target.folder / "epochs.csv", target.epoch - 1)

    def log(self, event: LoggedEvent) -> None:
        """Adds a step or an epoch."""
        match event:
            case StepRow():
                self._step = event.step
                self._steps.add(event._asdict())
            case EpochEnded():
                metrics: dict[str, object] = {
                    f"{split}.{name}": value
                    for split, values in event.metrics.items()
                    for name, value in values.items()
                }
                self._epochs.add({"epoch": event.epoch, "step": self._step, **metrics})

    def flush(self) -> None:
        """Syncs both files."""
        self._steps.flush()
        self._epochs.flush()

    def close(self) -> None:
        """Closes both files."""
        self._steps.close()
        self._epochs.close()


@final
class _Table:
    """A CSV file whose first column counts up.

    Args:
        path: The file.
        last: The last row to keep of those that are there.
    """

    def __init__(self, path: Path, last: int) -> None:
        keep_lines(path, lambda line: _is_header(line) or _count(line) <= last)
        self._columns: Sequence[str] = ()
        if path.exists() and path.stat().st_size:
            with path.open(encoding="utf-8", newline="") as lines:
                self._columns = next(csv.reader(lines))
        self._file = path.open("a", encoding="utf-8", newline="")
        self._writer = csv.writer(self._file, lineterminator="\n")

    def add(self, row: Mapping[str, object]) -> None:
        """Adds a row; the first one names the columns."""
        if not self._columns:
            self._columns = tuple(row)
            self._writer.writerow(self._columns)
        self._writer.writerow([row.get(column, "") for column in self._columns])

    def flush(self) -> None:
        """Syncs the file."""
        self._file.flush()
        os.fsync(self._file.fileno())

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def _is_header(line: bytes) -> bool:
    return line[:1].isalpha()


def _count(line: bytes) -> float:
    """Returns the number in the first column; infinity if there is none."""
    first = line.partition(b",")[0]
    return int(first) if first.isdigit() else float("inf")
