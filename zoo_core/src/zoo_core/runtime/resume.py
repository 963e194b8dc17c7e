"""Resuming a run from its last saved state."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from torch import Tensor

from zoo_core.configs.settings import settings_of
from zoo_core.errors import ConfigError, DataError, DeviceError, NotFoundError, ResumeError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec
from zoo_core.references import shown
from zoo_core.run_folder.local_paths import with_absolute_paths
from zoo_core.run_folder.logger_names import read_logger_names
from zoo_core.run_folder.manifest import MANIFEST, read_manifest
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.build import missing_paths
from zoo_core.runtime.checkpoints.checkpoint import config_errors, read_history
from zoo_core.runtime.checkpoints.resume_states import (
    SavedState,
    has_state,
    read_state,
    replace_run_config,
    state_of,
    state_values,
)
from zoo_core.runtime.datasets.memory_rows import MemoryRows
from zoo_core.runtime.distributed.launch import restarts
from zoo_core.runtime.distributed.processes import ONE_PROCESS, AbstractProcesses
from zoo_core.runtime.hardware.threads import check_threads, max_threads
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.loop_state import add_prefix, select_prefix
from zoo_core.runtime.training.optimization import scheduled_steps

logger = logging.getLogger(__name__)


def resume(
    catalog: Catalog,
    folder: Path,
    *,
    force: bool = False,
    epochs: int | None = None,
    dataset_path: str | None = None,
    loggers: Sequence[str] | None = None,
    rows: MemoryRows | None = None,
    saved: SavedState | None = None,
    processes: AbstractProcesses = ONE_PROCESS,
) -> Run:
    """Returns the run of a folder, ready to continue from its last saved state.

    What ``epochs`` and ``dataset_path`` change is saved at once, so that the run can be interrupted
    and resumed without them.

    Args:
        catalog: The installed plugins.
        folder: The checkpoint folder.
        force: Continue although data or versions have changed.
        epochs: The number of epochs of the whole run, instead of what it began with. A complete
            run continues only if this is more than it has trained.
        dataset_path: Where the data is now, instead of the dataset's setting ``path``.
        loggers: The names of the loggers; None for those that the run began with.
        rows: The rows of a run on data from Python.
        saved: What ``shared_state`` returned, of a run that ``check_unfinished`` has seen if there
            are no ``epochs``; by default the state is read from the folder.
        processes: The processes that share the run.

    Raises:
        ConfigError: The dataset has no path, or a value is not allowed.
        NotFoundError: The folder holds no saved state.
        ResumeError: The run is complete, data or versions have changed or are out of reach, or
            there are more or fewer steps than the schedule was made for, or more threads than this
            machine takes.
    """
    if saved is None:
        if epochs is None:
            check_unfinished(folder)
        saved = read_state(folder)
    original = saved
    if dataset_path is not None:
        saved = saved._replace(run_config=_with_path(catalog, saved.run_config, dataset_path))
    if epochs is not None:
        saved = saved._replace(run_config=_with_epochs(folder, saved, epochs))
    _check_threads(folder, saved)
    names = read_logger_names(folder) if loggers is None else loggers
    run = _make_run(catalog, folder, saved, names, rows, processes)
    _check_schedule(folder, saved, run)
    changes = _changes(saved, run)
    if changes and not force:
        raise ResumeError(f"{'; '.join(changes)}; --force resumes all the same")
    _report_instructions(saved, run)
    run.loop.restore(saved.loop_state)
    if saved.run_config != original.run_config and processes.is_first:
        replace_run_config(folder, with_absolute_paths(saved.run_config, run.paths))
    return run


def shared_state(processes: AbstractProcesses, folder: Path) -> SavedState:
    """Returns the state in a folder that the first process alone needs to see.

    Args:
        processes: The processes that share the run.
        folder: The checkpoint folder.

    Raises:
        NotFoundError: The folder holds no saved state.
        ProcessError: The same, of several processes.
    """
    if processes.size == 1:
        return read_state(folder)
    own = processes.together(lambda: read_state(folder) if processes.is_first else None)
    values: Any = None
    parts: dict[str, Tensor] = {}
    if own is not None:
        values = state_values(own)
        for prefix, tensors in {
            "weights": own.loop_state.weights,
            "best": own.loop_state.best_weights,
            "tensors": own.loop_state.tensors,
        }.items():
            parts |= add_prefix(prefix, tensors)
    values = processes.collect(values)[0]
    parts = processes.broadcast(parts)
    return own or state_of(
        values,
        weights=select_prefix("weights", parts),
        best_weights=select_prefix("best", parts),
        tensors=select_prefix("tensors", parts),
        source=str(folder),
    )


def state_after_restart(
    processes: AbstractProcesses, folder: Path, run_config: RunConfig
) -> SavedState | None:
    """Returns the state that processes which were started again continue from.

    Args:
        processes: The processes that share the run.
        folder: The checkpoint folder.
        run_config: The run config of the command, which the state must have too.

    Returns:
        The state; None if this is the first start, or nothing of the run was saved.
    """
    if processes.size == 1:
        return None

    def is_there() -> bool:
        if not processes.is_first or not restarts() or not has_state(folder):
            return False
        saved = read_state(folder)
        same = not run_config.changes_since(saved.run_config)
        return same and not (folder / MANIFEST).exists()

    if not processes.decide(processes.together(is_there)):
        return None
    saved = shared_state(processes, folder)
    step = saved.loop_state.progress.steps
    logger.warning("a process had died; started again (no. %d) from step %d", restarts(), step)
    return saved


def check_unfinished(folder: Path) -> None:
    """Checks that a run is not complete, without its tensors, which may have gigabytes.

    Raises:
        IntegrityError: The state is damaged.
        NotFoundError: The folder holds no saved state.
        ResumeError: The run is complete.
    """
    saved = read_state(folder, with_tensors=False)
    if not _is_complete(folder):
        return
    trained = len(_history(folder, saved))
    planned = saved.run_config.configs["trainer"]["epochs"]
    epochs = planned if trained < planned else 2 * trained
    command = f"zoo resume {shown(folder)} --epochs {epochs}"
    if _is_out_of_patience(folder, saved):
        command = f"{_start_again(folder, saved)} --trainer.patience none"
    elif trained >= planned and scheduled_steps(saved.loop_state.values["schedule"]) is not None:
        command = _start_again(folder, saved)
    raise ResumeError(f"{folder} is complete; to train it further: {command}")


def _check_schedule(folder: Path, saved: SavedState, run: Run) -> None:
    """Raises ResumeError if the run has another number of steps than its schedule was made for."""
    before = scheduled_steps(saved.loop_state.values["schedule"])
    now = run.loop.train_step.scheduled_steps
    if before == now:
        return
    trainer = saved.run_config.configs["trainer"]
    raise ResumeError(
        f"trainer.schedule = {trainer['schedule']!r} was made for {before:,} steps, and with the "
        f"present data and {trainer['epochs']} epochs the run has {now:,}; to start a new schedule "
        f"from the saved weights: {_start_again(folder, saved)}"
    )


def _check_threads(folder: Path, saved: SavedState) -> None:
    """Raises ResumeError if this machine does not take the threads that the run began with."""
    try:
        check_threads(saved.run_config.threads)
    except DeviceError as error:
        command = f"{_start_again(folder, saved)} --threads {max_threads()}"
        raise ResumeError(
            f"{error}; to start a new run from the saved weights: {command}"
        ) from None


def _start_again(folder: Path, saved: SavedState) -> str:
    """Returns the command that starts a new run from the weights of this one."""
    return f"zoo train {saved.run_config.model} --from {shown(folder)}"


def _is_complete(folder: Path) -> bool:
    return (folder / MANIFEST).exists() and read_manifest(folder).status == "finished"


def _history(folder: Path, saved: SavedState) -> list[dict[str, Any]]:
    """Returns a row for each epoch; the last state of a complete run may lack the last one."""
    if _is_complete(folder):
        with contextlib.suppress(NotFoundError):
            return read_history(folder)
    return saved.loop_state.progress.history


def _is_out_of_patience(folder: Path, saved: SavedState) -> bool:
    """Whether the run has stopped because its last epochs did not better the main metric."""
    patience = saved.run_config.configs["trainer"]["patience"]
    history = _history(folder, saved)
    if not patience or not history or "validation" not in history[0]["metrics"]:
        return False
    best_epoch = saved.loop_state.progress.best_epoch
    if _is_complete(folder):
        objective, best = read_manifest(folder).objective, None
        for row in history:
            value = row["metrics"]["validation"][objective.metric]
            if objective.is_better(value, best):
                best, best_epoch = value, row["epoch"]
    return len(history) - best_epoch >= int(patience)


def _with_epochs(folder: Path, saved: SavedState, epochs: int) -> RunConfig:
    """Returns the run config with another number of epochs.

    Raises:
        ResumeError: The run has trained as many already, or has stopped for lack of progress.
    """
    run_config, trained = saved.run_config, len(_history(folder, saved))
    if _is_out_of_patience(folder, saved):
        raise ResumeError(
            f"{folder} has stopped because the main validation metric no longer improved; to "
            f"train it further: {_start_again(folder, saved)} --trainer.patience none"
        )
    if epochs <= trained:
        raise ResumeError(
            f"{folder} has trained {trained} epochs: give more with --epochs {trained + 1}"
        )
    if 0 < run_config.training_seconds <= saved.loop_state.progress.seconds:
        logger.info("the budget of %g s is used up and no longer applies", run_config.budget)
        run_config = replace(run_config, budget=0.0)
    if 0 < run_config.token_budget <= saved.loop_state.progress.tokens:
        logger.info("the budget of %s tokens is used up", f"{run_config.token_budget:,}")
        run_config = replace(run_config, token_budget=0)
    return _with_setting(run_config, "trainer", "epochs", epochs)


def _with_path(catalog: Catalog, run_config: RunConfig, path: str) -> RunConfig:
    """Returns the run config with another path of its data.

    Raises:
        ConfigError: The dataset has no setting ``path``, or this is not a path.
    """
    spec = catalog.find(DatasetSpec, run_config.name("dataset")).spec
    setting = settings_of(resolve(spec.config)).get("path")
    if setting is None:
        raise ConfigError(f"--dataset.path: the dataset {run_config.dataset} has no such setting")
    value = setting._replace(label="--dataset.path", many=False).parse(path)
    return _with_setting(run_config, "dataset", "path", None if value is None else str(value))


def _with_setting(run_config: RunConfig, section: str, key: str, value: Any) -> RunConfig:
    table = run_config.configs[section] | {key: value}
    return replace(run_config, configs=run_config.configs | {section: table})


def _make_run(
    catalog: Catalog,
    folder: Path,
    saved: SavedState,
    loggers: Sequence[str],
    rows: MemoryRows | None,
    processes: AbstractProcesses,
) -> Run:
    try:
        with config_errors(folder):
            return Run(
                catalog,
                saved.run_config,
                folder,
                signature=saved.signature,
                loggers=loggers,
                rows=rows,
                processes=processes,
            )
    except DataError as error:
        missing = missing_paths(catalog, saved.run_config)
        cause = "the data is out of reach" if missing else "the data has changed"
        raise ResumeError(f"{cause}: {error}") from None


def _report_instructions(saved: SavedState, run: Run) -> None:
    """Warns if the kernel of a run uses other instructions than before, as on another processor.

    Such a run is not refused: the engines of sweeps continue a run on any machine.
    """
    before, now = saved.instructions, run.instructions
    if before and before != now and saved.run_config.backend == run.backend:
        logger.warning(
            "backend %s used %s, and now %s: the result may differ in its last bits from that of "
            "an uninterrupted run",
            run.backend,
            before,
            now,
        )


def _changes(saved: SavedState, run: Run) -> list[str]:
    """Returns what differs between a saved state and the present, in words."""
    versions = dict(saved.versions)
    if "numpy" in run.versions:
        # a run that began with an earlier version has none, and takes no step in NumPy
        versions.setdefault("numpy", run.versions["numpy"])
    changes = [
        f"{name} was {versions.get(name, 'missing')}, is {current}"
        for name, current in run.versions.items()
        if versions.get(name) != current
    ]
    if saved.fingerprint != run.dataset.fingerprint:
        changes.append("the data has changed")
    if saved.run_config.backend != run.backend:
        reason = f" ({run.passed_backends})" if run.passed_backends else ""
        changes.append(f"backend was {saved.run_config.backend}, is {run.backend}{reason}")
    return changes
