"""Going on with a run from its last saved state."""

from __future__ import annotations

from pathlib import Path

from zoo_core.errors import DataError, ResumeError
from zoo_core.plugins.catalog import Catalog
from zoo_core.references import shown
from zoo_core.run_folder.manifest import MANIFEST, read_manifest
from zoo_core.runtime.building.build import missing_paths
from zoo_core.runtime.checkpoints.resume_states import SavedState, read_state
from zoo_core.runtime.run import Run


def resume(catalog: Catalog, folder: Path, *, force: bool = False) -> Run:
    """The run of a folder, ready to go on from its last saved state.

    Args:
        catalog: What is installed.
        folder: The checkpoint folder.
        force: Go on although data or versions have changed.

    Raises:
        NotFoundError: There is no state in the folder.
        ResumeError: The run is complete, or data or versions have changed or are out of reach.
    """
    saved = read_state(folder)
    if (folder / MANIFEST).exists() and read_manifest(folder).status == "finished":
        run_config = saved.run_config
        again = (
            f"zoo train {run_config.recipe or f'{run_config.model} --dataset {run_config.dataset}'}"
        )
        remedy = f"to go on from it: {again} --from {shown(folder)}"
        raise ResumeError(f"{folder} is complete; {remedy}")
    try:
        run = Run(catalog, saved.run_config, folder, vocabulary=saved.signature.vocabulary)
    except DataError as error:
        gone = missing_paths(catalog, saved.run_config)
        if gone and not gone[0].is_absolute():
            remedy = "the path is relative: resume in the folder where the run was started"
            raise ResumeError(f"{error}; {remedy}") from None
        said = "the data is out of reach" if gone else "the data has changed"
        raise ResumeError(f"{said}: {error}") from None
    changed = _changes(saved, run)
    if changed and not force:
        raise ResumeError(f"{'; '.join(changed)}; --force goes on all the same")
    run.loop.restore(saved.snapshot)
    return run


def _changes(saved: SavedState, run: Run) -> list[str]:
    """What differs between a saved state and the present, in words."""
    changed = [
        f"{name} was {saved.versions.get(name, 'missing')}, is {now}"
        for name, now in run.versions.items()
        if saved.versions.get(name) != now
    ]
    if saved.fingerprint != run.dataset.fingerprint:
        changed.append("the data has changed")
    if saved.run_config.backend != run.backend:
        changed.append(f"backend was {saved.run_config.backend}, is {run.backend}")
    return changed
