"""The logger ``trackio``."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, final

from trackio.sqlite_storage import SQLiteStorage

from zoo_core.run_folder.run_config import RunConfig
from zoo_core.run_folder.run_log import StepRow
from zoo_core.runtime.loggers.logger import AbstractLogger, LoggedEvent, LogTarget
from zoo_core.runtime.training.events import EpochEnded
from zoo_core.storage.atomic import write_file

PROJECT = "zoo"
EPOCH = "epoch"
"""The name of the number that a row of an epoch begins with."""


@final
class TrackioLogger(AbstractLogger):
    """Logs a run to Trackio's database on this machine.

    Rows go to its storage directly. ``trackio.log`` hands them to a thread, which a kill would take
    with it after a state was saved, and sends them to a server if a variable of the environment
    names one.

    Args:
        target: The run.
    """

    def __init__(self, target: LogTarget) -> None:
        self._name, self._id = target.name, _run_id(target)
        self._config: dict[str, Any] | None = _config(target.run_config)
        self._step = target.step
        self._rows: list[tuple[int, str, dict[str, Any]]] = []
        self._remove_repeated(target)

    def _remove_repeated(self, target: LogTarget) -> None:
        """Writes the run anew without the rows that it repeats: no single ones can be removed."""
        rows = SQLiteStorage.get_logs(PROJECT, self._name, run_id=self._id)
        if not rows:
            return
        SQLiteStorage.delete_run(PROJECT, self._name, run_id=self._id)
        for row in rows:
            metrics = {
                name: value for name, value in row.items() if name not in ("step", "timestamp")
            }
            if row["step"] <= target.step and metrics.get(EPOCH, 0) < target.epoch:
                self._rows.append((row["step"], str(row["timestamp"]), metrics))
        self.flush()

    def log(self, event: LoggedEvent) -> None:
        """Adds the numbers of a step, or the metrics of an epoch."""
        match event:
            case StepRow():
                self._step = event.step
                names = ("loss", "gradient_norm", "learning_rate")
                self._add({f"step/{name}": getattr(event, name) for name in names})
            case EpochEnded():
                metrics = {
                    f"{split}/{name}": value
                    for split, values in event.metrics.items()
                    for name, value in values.items()
                }
                self._add({EPOCH: event.epoch, **metrics})
                self.flush()

    def _add(self, metrics: dict[str, Any]) -> None:
        self._rows.append((self._step, datetime.now(UTC).isoformat(), metrics))

    def flush(self) -> None:
        """Writes the rows that wait to the database."""
        if not self._rows:
            return
        steps, times, metrics = zip(*self._rows, strict=True)
        self._rows = []
        SQLiteStorage.bulk_log(
            PROJECT,
            self._name,
            list(metrics),
            steps=list(steps),
            timestamps=list(times),
            config=self._config,
            run_id=self._id,
        )
        self._config = None

    def close(self) -> None:
        """Writes the rows that wait to the database."""
        self.flush()


def _run_id(target: LogTarget) -> str:
    """Returns the id of the run, which stays the same when its folder is moved."""
    file = target.folder / "run.json"
    if file.exists():
        return str(json.loads(file.read_bytes())["id"])
    run_folder = Path(target.folder).absolute().parents[1]
    run_id = hashlib.sha256(str(run_folder).encode()).hexdigest()[:16]
    values = {"project": PROJECT, "run": target.name, "id": run_id}
    write_file(file, (json.dumps(values) + "\n").encode())
    return run_id


def _config(run_config: RunConfig) -> dict[str, Any]:
    """Returns what Trackio shows of a run: its parts, its seed and every setting."""
    settings = {
        f"{section}.{key}": value
        for section, values in run_config.configs.items()
        for key, value in values.items()
    }
    names = ("model", "dataset", "trainer", "recipe", "seed", "device", "backend", "precision")
    return {name: getattr(run_config, name) for name in names} | settings
