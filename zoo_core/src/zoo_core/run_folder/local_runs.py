"""Local runs, which are the folders in ``ZOO_HOME/runs``."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any, NamedTuple, final

from zoo_core.errors import NotFoundError, TargetError, ZooError, suggest
from zoo_core.run_folder.lock import lock_run_folder
from zoo_core.run_folder.manifest import MANIFEST, Metrics, read_manifest
from zoo_core.storage.atomic import size_below, target_errors
from zoo_core.storage.locations import runs_folder


@final
class LocalRun(NamedTuple):
    """A run in the folder of runs.

    Args:
        name: The name of its folder.
        path: The path of its folder.
        model: The model; empty if it cannot be read.
        recipe: ``model.tag``, or empty.
        state: ``finished``, ``interrupted``, ``unfinished`` or ``damaged``.
        metrics: The metrics by split and name.
        size: The bytes on disk.
    """

    name: str
    path: Path
    model: str
    recipe: str
    state: str
    metrics: Metrics
    size: int


def list_runs() -> list[LocalRun]:
    """Returns every local run, sorted by name."""
    return [_run(path) for path in _folders()]


def find_run(name: str) -> LocalRun:
    """Returns the local run of a name.

    Raises:
        NotFoundError: There is none.
    """
    paths = {path.name: path for path in _folders()}
    if name not in paths:
        raise NotFoundError(f"no run {name!r}; {suggest(name, paths) or 'try: zoo runs'}")
    return _run(paths[name])


def remove_run(run: LocalRun) -> None:
    """Removes a run from the disk, its manifest first.

    Raises:
        TargetError: The folder is a link, or its files cannot be removed.
    """
    if run.path.is_symlink():
        raise TargetError(f"{run.path} is a link: remove it yourself")
    with lock_run_folder(run.path, to_remove=True), target_errors(run.path):
        (run.path / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(run.path)


def _folders() -> list[Path]:
    folder = runs_folder()
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if _is_folder(entry)]
    return [folder / name for name in sorted(names)]


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder or a link to one."""
    # DirEntry.is_dir raises for a link that leads in a circle, Path.is_dir does not
    return Path(entry).is_dir() if entry.is_symlink() else entry.is_dir()


def _run(path: Path) -> LocalRun:
    size = size_below(path)
    try:
        if (path / MANIFEST).exists():
            manifest = read_manifest(path)
            model, recipe = manifest.run_config.model, manifest.run_config.recipe
            return LocalRun(path.name, path, model, recipe, manifest.status, manifest.metrics, size)
        run_config = _unfinished(path)
        model, recipe = str(run_config.get("model", "")), str(run_config.get("recipe", ""))
        return LocalRun(path.name, path, model, recipe, "unfinished", {}, size)
    except (ZooError, OSError, ValueError, KeyError, TypeError):
        return LocalRun(path.name, path, "", "", "damaged", {}, size)


def _unfinished(path: Path) -> dict[str, Any]:
    step = (path / "state" / "CURRENT").read_text("utf-8").strip()
    run_config = json.loads((path / "state" / step / "values.json").read_bytes())["plan"]
    return dict(run_config)
