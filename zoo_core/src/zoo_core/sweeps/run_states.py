"""How far each run of a sweep is, read from the run folders, which alone hold that."""

from __future__ import annotations

import contextlib
import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, TypeAlias, final

from zoo_core.errors import DivergedError, TargetError, ZooError
from zoo_core.run_folder.lock import lock_run_folder
from zoo_core.run_folder.manifest import MANIFEST, Metrics, read_manifest
from zoo_core.run_folder.ownership import CURRENT, STATE, TIMINGS
from zoo_core.storage.atomic import target_errors, write_file
from zoo_core.sweeps.folder import read_sweep
from zoo_core.sweeps.question import PlannedRun

FAILURE = "failure.json"
State: TypeAlias = Literal["finished", "interrupted", "unfinished", "failed", "missing", "damaged"]


@final
@dataclass(frozen=True, kw_only=True)
class SweepRun:
    """A run of a sweep, with its results.

    Args:
        name: The name of its folder.
        path: Its folder, which a missing run lacks.
        model: The model.
        recipe: ``model.tag``, or empty.
        dataset: The dataset.
        label: The label of its question.
        seed: The seed.
        settings: The settings that its name shows, by flat key.
        state: ``finished``; ``interrupted``, with a checkpoint; ``unfinished``, with a saved state
            alone; ``failed``; ``missing``, not begun; ``damaged``, with a manifest that is not
            well-formed.
        reason: Why it failed or is damaged; otherwise empty.
        exit_code: The exit code of the failure; 0 if there is none.
        metrics: The metrics by split and name.
        epochs: The trained epochs.
        tokens: The targets predicted in training.
        seconds: The seconds of its training steps; 0 if they are not known.
        tokens_per_second: The speed of its training steps; 0 if it is not known.
    """

    name: str
    path: Path
    model: str
    recipe: str
    dataset: str
    label: str
    seed: int
    settings: dict[str, Any]
    state: State
    reason: str = ""
    exit_code: int = 0
    metrics: Metrics
    epochs: int = 0
    tokens: int = 0
    seconds: float = 0.0
    tokens_per_second: float = 0.0

    @property
    def will_fail_again(self) -> bool:
        """Whether the run diverged, which the same run does again."""
        return self.state == "failed" and self.exit_code == DivergedError.exit_code

    def row(self) -> dict[str, Any]:
        """Returns the run as a flat row of a table, such as ``pandas.DataFrame`` takes."""
        row: dict[str, Any] = {
            "name": self.name,
            "path": str(self.path),
            "model": self.model,
            "recipe": self.recipe,
            "dataset": self.dataset,
            "seed": self.seed,
        }
        row |= self.settings
        row |= {
            "state": self.state,
            "reason": self.reason,
            "epochs": self.epochs,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "tokens_per_second": self.tokens_per_second,
        }
        for split, metrics in self.metrics.items():
            row |= {f"{split}.{name}": value for name, value in metrics.items()}
        return row


def list_sweep_runs(folder: Path) -> list[SweepRun]:
    """Returns every run that was asked of a folder, in the order of training.

    Raises:
        IntegrityError: ``sweep.toml`` is not well-formed.
        NotFoundError: The folder is not that of a sweep.
    """
    return [run_state(folder, run) for run in read_sweep(folder).runs()]


def run_state(folder: Path, run: PlannedRun) -> SweepRun:
    """Returns how far a run is.

    Args:
        folder: The folder of the sweep.
        run: The run.
    """
    path = folder / run.name
    return SweepRun(
        name=run.name,
        path=path,
        model=run.run_config.model,
        recipe=run.run_config.recipe,
        dataset=run.run_config.dataset,
        label=run.label,
        seed=run.seed,
        settings=run.settings,
        **vars(result_of(path)),
    )


@final
@dataclass(frozen=True, kw_only=True)
class RunResult:
    """What a run folder tells; the fields are those of a ``SweepRun``."""

    state: State
    reason: str = ""
    exit_code: int = 0
    metrics: Metrics
    epochs: int = 0
    tokens: int = 0
    seconds: float = 0.0
    tokens_per_second: float = 0.0


def result_of(path: Path) -> RunResult:
    """Returns what a run folder tells, which may be missing."""
    try:
        manifest = read_manifest(path)
    except ZooError as error:
        if (path / MANIFEST).exists():
            return RunResult(state="damaged", reason=str(error), metrics={})
        is_begun = (path / STATE / CURRENT).is_file()
        return _read_failure(path) or RunResult(
            state="unfinished" if is_begun else "missing", metrics={}
        )
    status: State = "finished" if manifest.status == "finished" else "interrupted"
    seconds, tokens = _step_timings(path)
    result = RunResult(
        state=status,
        metrics=manifest.metrics,
        epochs=manifest.epochs,
        tokens=manifest.tokens,
        seconds=seconds,
        tokens_per_second=tokens / seconds if seconds else 0.0,
    )
    if status == "interrupted" and (failure := _read_failure(path)):
        reason, code = failure.reason, failure.exit_code
        return replace(result, state="failed", reason=reason, exit_code=code)
    return result


def _read_failure(path: Path) -> RunResult | None:
    try:
        values = json.loads((path / STATE / FAILURE).read_bytes())
        reason, code = str(values["reason"]), int(values["exit_code"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return RunResult(state="failed", reason=reason, exit_code=code, metrics={})


def _step_timings(path: Path) -> tuple[float, int]:
    """Returns the seconds and the targets of all training steps; 0 if they are not known."""
    try:
        lines = (path / TIMINGS).read_text("utf-8").splitlines()
        rows = [json.loads(line) for line in lines]
        seconds = sum(float(row["step_seconds"]) for row in rows)
        return seconds, sum(int(row["tokens"]) for row in rows)
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return 0.0, 0


def record_failure(path: Path, reason: str, exit_code: int) -> None:
    """Writes why a run failed into its folder; nothing if the folder cannot be written to.

    Args:
        path: The folder of the run.
        reason: What happened, in one line.
        exit_code: The exit code of the error.
    """
    values = {"reason": reason, "exit_code": exit_code}
    with contextlib.suppress(TargetError), lock_run_folder(path), target_errors(path):
        write_file(path / STATE / FAILURE, (json.dumps(values, indent=1) + "\n").encode())


def forget_failure(path: Path) -> None:
    """Removes the record of a failure, before the run is tried again."""
    with contextlib.suppress(OSError):
        (path / STATE / FAILURE).unlink(missing_ok=True)
