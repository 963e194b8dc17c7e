"""What a comparison reads of a run: everything small in its folder, and no weights."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, final

from zoo_core.configs.records import Count, read_record
from zoo_core.errors import IntegrityError
from zoo_core.run_folder.manifest import WEIGHTS, Metrics, read_manifest
from zoo_core.run_folder.objective import Objective
from zoo_core.run_folder.ownership import HISTORY, TIMINGS
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.run_folder.safetensors_header import count_parameters

T = TypeVar("T")
Identity = tuple[str, str, int]
"""Run config without its seed, fingerprint of the data, seed: what makes two runs the same."""


@final
class CurvePoint(NamedTuple):
    """How far a run was at the end of an epoch.

    Args:
        epoch: The epoch, from 1.
        steps: The optimizer steps of the run until then.
        tokens: The targets predicted until then; None if ``timings.jsonl`` is missing.
        seconds: Seconds of the training steps until then; None if it is missing.
        metrics: The metrics by split and name.
    """

    epoch: int
    steps: int
    tokens: int | None
    seconds: float | None
    metrics: Metrics


@final
@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """A run that can be compared.

    Args:
        folder: The checkpoint folder.
        run_config: Everything that decided the run.
        fingerprint: The fingerprint of the data.
        status: ``finished`` or ``interrupted``.
        parameters: The number of trained parameters.
        tokens: The targets predicted in training.
        metrics: The metrics of the best weights by split and name.
        seconds: Seconds of the run until its last epoch ended, evaluations included; None if
            ``timings.jsonl`` is missing.
        training_seconds: Seconds of the training steps alone; None if it is missing.
        curve: A point for each epoch.
        objective: The main metric of the trainer, and the better direction of each.
    """

    folder: Path
    run_config: RunConfig
    fingerprint: str
    status: str
    parameters: int
    tokens: int
    metrics: Metrics
    seconds: float | None
    training_seconds: float | None
    curve: tuple[CurvePoint, ...]
    objective: Objective = field(default_factory=Objective)

    @property
    def identity(self) -> Identity:
        """What two runs share that repeat each other."""
        return settings_key(self.run_config), self.fingerprint, self.run_config.seed


def settings_key(run_config: RunConfig) -> str:
    """Returns a text that is the same for runs that differ in their seed alone.

    Threads, processes, device and backend change a result in its last digits at most, and are left
    out.
    """
    values = run_config.to_json()
    for name in ("seed", "threads", "processes", "device", "backend"):
        values.pop(name, None)
    return json.dumps(values, sort_keys=True)


def read_run(folder: Path) -> RunRecord:
    """Reads a run that has ended.

    Raises:
        IntegrityError: The manifest or the header of the weights is damaged.
        MisfitError: The run has not ended.
        NotFoundError: The folder holds no run.
    """
    manifest = read_manifest(folder)
    timings = list(_read_rows(folder / TIMINGS, _Timing))
    return RunRecord(
        folder=folder,
        run_config=manifest.run_config,
        fingerprint=manifest.fingerprint,
        status=manifest.status,
        parameters=count_parameters(folder / WEIGHTS),
        tokens=manifest.tokens,
        metrics=manifest.metrics,
        seconds=timings[-1].seconds if timings else None,
        training_seconds=sum(row.step_seconds for row in timings) if timings else None,
        curve=tuple(_curve(_read_rows(folder / HISTORY, _HistoryRow), timings)),
        objective=manifest.objective,
    )


@final
class _HistoryRow(NamedTuple):
    """A row of ``history.jsonl``."""

    epoch: Count
    steps: Count
    metrics: Metrics


@final
class _Timing(NamedTuple):
    """A row of ``timings.jsonl``."""

    epoch: Count
    seconds: float
    step_seconds: float
    tokens: Count


def _read_rows(path: Path, cls: type[T]) -> Iterable[T]:
    """Yields the rows of a file of JSON lines up to the first that is damaged."""
    try:
        lines = path.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return
    for line in lines:
        try:
            row: Any = json.loads(line)
            yield read_record(cls, row, allow_unknown=True)
        except (ValueError, RecursionError, IntegrityError):
            return


def _curve(rows: Iterable[_HistoryRow], timings: list[_Timing]) -> Iterable[CurvePoint]:
    tokens, seconds = 0, 0.0
    by_epoch = {row.epoch: row for row in timings}
    for row in rows:
        if timing := by_epoch.get(row.epoch):
            tokens += timing.tokens
            seconds += timing.step_seconds
            yield CurvePoint(row.epoch, row.steps, tokens, seconds, row.metrics)
        else:
            yield CurvePoint(row.epoch, row.steps, None, None, row.metrics)
