"""The run of a job: a new one, or the one that its folder holds."""

from __future__ import annotations

from zoo_core.errors import MisfitError, NotFoundError, ResumeError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.local_paths import with_absolute_paths
from zoo_core.run_folder.manifest import read_manifest
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.build import local_paths
from zoo_core.runtime.checkpoints.resume_states import has_state, read_state
from zoo_core.runtime.locate import load_checkpoint
from zoo_core.runtime.resume import resume
from zoo_core.runtime.run import Run
from zoo_core.runtime.sweeps.engine import Job


def begin_or_resume(catalog: Catalog, job: Job) -> Run | None:
    """Returns the run of a job; None if another process has finished it in the meantime.

    Raises:
        ResumeError: The folder holds a run with other settings, or one that cannot be resumed.
        ZooError: What a new run raises.
    """
    if _is_finished(job):
        return None
    if has_state(job.folder):
        _check_same(catalog, job)
        return resume(catalog, job.folder, loggers=job.loggers or None)
    return new_run(catalog, job)


def new_run(catalog: Catalog, job: Job) -> Run:
    """Returns the new run of a job, from the weights of a checkpoint if it has a source."""
    run_config = job.run_config
    if not run_config.source:
        return Run(catalog, run_config, job.folder, loggers=job.loggers)
    origin = load_checkpoint(catalog, run_config.source)
    return Run(
        catalog,
        run_config,
        job.folder,
        signature=origin.signature,
        weights=origin.weights,
        extends_vocabulary=job.extends_vocabulary,
        loggers=job.loggers,
    )


def _is_finished(job: Job) -> bool:
    try:
        return read_manifest(job.folder).status == "finished"
    except (NotFoundError, MisfitError):
        return False


def _check_same(catalog: Catalog, job: Job) -> None:
    """Checks that the saved state of a folder is of the job's run.

    Raises:
        ResumeError: It is of another run.
    """
    saved = _comparable(catalog, read_state(job.folder).run_config)
    asked = _comparable(catalog, job.run_config)
    changes = asked.changes_since(saved)
    if asked.budget != saved.budget:
        changes.append(f"budget = {asked.budget:g} (was {saved.budget:g})")
    if changes:
        raise ResumeError(
            f"{job.folder} holds another run: {'; '.join(changes)}; move the folder away"
        )


def _comparable(catalog: Catalog, run_config: RunConfig) -> RunConfig:
    return with_absolute_paths(run_config, local_paths(catalog, run_config))
