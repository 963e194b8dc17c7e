"""Resuming a run from its last saved state."""

from __future__ import annotations

from pathlib import Path

from zoo_core.errors import DataError, ResumeError
from zoo_core.plugins.catalog import Catalog
from zoo_core.references import shown
from zoo_core.run_folder.manifest import MANIFEST, read_manifest
from zoo_core.runtime.building.build import missing_paths
from zoo_core.runtime.checkpoints.checkpoint import config_errors
from zoo_core.runtime.checkpoints.resume_states import SavedState, read_state
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.optimization import scheduled_steps


def resume(catalog: Catalog, folder: Path, *, force: bool = False) -> Run:
    """Returns the run of a folder, ready to continue from its last saved state.

    Args:
        catalog: The installed plugins.
        folder: The checkpoint folder.
        force: Continue although data or versions have changed.

    Raises:
        NotFoundError: The folder holds no saved state.
        ResumeError: The run is complete, data or versions have changed or are out of reach, or
            the data has another number of steps than the schedule was made for.
    """
    saved = read_state(folder)
    _check_unfinished(folder, saved)
    run = _make_run(catalog, folder, saved)
    _check_schedule(folder, saved, run)
    changes = _changes(saved, run)
    if changes and not force:
        raise ResumeError(f"{'; '.join(changes)}; --force resumes all the same")
    run.loop.restore(saved.loop_state)
    return run


def _check_unfinished(folder: Path, saved: SavedState) -> None:
    if not (folder / MANIFEST).exists() or read_manifest(folder).status != "finished":
        return
    command = _command_to_train_further(folder, saved)
    raise ResumeError(f"{folder} is complete; to train it further: {command}")


def _check_schedule(folder: Path, saved: SavedState, run: Run) -> None:
    """Raises ResumeError if the run has another number of steps than its schedule was made for."""
    before = scheduled_steps(saved.loop_state.values["schedule"])
    now = run.loop.train_step.scheduled_steps
    if before == now:
        return
    raise ResumeError(
        f"trainer.schedule = {saved.run_config.configs['trainer']['schedule']!r} was made for "
        f"{before:,} steps, and with the present data the run has {now:,}; to start a new schedule "
        f"from the saved weights: {_command_to_train_further(folder, saved)}"
    )


def _command_to_train_further(folder: Path, saved: SavedState) -> str:
    run_config = saved.run_config
    target = run_config.recipe or f"{run_config.model} --dataset {run_config.dataset}"
    return f"zoo train {target} --from {shown(folder)}"


def _make_run(catalog: Catalog, folder: Path, saved: SavedState) -> Run:
    try:
        with config_errors(folder):
            return Run(catalog, saved.run_config, folder, vocabulary=saved.signature.vocabulary)
    except DataError as error:
        missing = missing_paths(catalog, saved.run_config)
        if missing and not missing[0].is_absolute():
            remedy = "the path is relative: resume in the folder where the run was started"
            raise ResumeError(f"{error}; {remedy}") from None
        cause = "the data is out of reach" if missing else "the data has changed"
        raise ResumeError(f"{cause}: {error}") from None


def _changes(saved: SavedState, run: Run) -> list[str]:
    """Returns what differs between a saved state and the present, in words."""
    changes = [
        f"{name} was {saved.versions.get(name, 'missing')}, is {current}"
        for name, current in run.versions.items()
        if saved.versions.get(name) != current
    ]
    if saved.fingerprint != run.dataset.fingerprint:
        changes.append("the data has changed")
    if saved.run_config.backend != run.backend:
        changes.append(f"backend was {saved.run_config.backend}, is {run.backend}")
    return changes
