"""Local runs: the folders in ``ZOO_HOME/runs``."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple, final

from zoo_core.errors import NotFoundError, TargetError, ZooError
from zoo_core.files import refusing, size_of
from zoo_core.hold import hold
from zoo_core.home import runs_folder
from zoo_core.manifest import MANIFEST, Metrics, read_manifest
from zoo_core.nearest import nearest


@final
class LocalRun(NamedTuple):
    """A run in the folder of runs.

    Args:
        name: Of its folder.
        path: Of its folder.
        model: Name of the model; empty if it cannot be told.
        recipe: ``model.tag``, or empty.
        state: ``finished``, ``interrupted``, ``unfinished`` or ``damaged``.
        metrics: By split and name.
        size: Bytes on disk.
    """

    name: str
    path: Path
    model: str
    recipe: str
    state: str
    metrics: Metrics
    size: int


def list_runs() -> list[LocalRun]:
    """Every local run, by name."""
    folder = runs_folder()
    paths = [path for path in folder.iterdir() if path.is_dir()] if folder.is_dir() else []
    return [_run(path) for path in sorted(paths)]


def find_run(name: str) -> LocalRun:
    """The local run of a name.

    Raises:
        NotFoundError: There is none.
    """
    names = {run.name: run for run in list_runs()}
    if name not in names:
        raise NotFoundError(f"no run {name!r}; {nearest(name, names) or 'try: zoo runs'}")
    return names[name]


def remove_run(run: LocalRun) -> None:
    """Removes a run for good, its manifest first.

    Raises:
        TargetError: It is a link, or its files cannot be removed.
    """
    if run.path.is_symlink():
        raise TargetError(f"{run.path} is a link: remove it yourself")
    with hold(run.path), refusing(run.path):
        (run.path / MANIFEST).unlink(missing_ok=True)
        shutil.rmtree(run.path)


def _run(path: Path) -> LocalRun:
    size = sum(map(size_of, path.rglob("*")))
    try:
        if (path / MANIFEST).exists():
            manifest = read_manifest(path)
            plan, state, metrics = manifest.plan.to_json(), manifest.status, manifest.metrics
        else:
            plan, state, metrics = _unfinished(path), "unfinished", {}
    except (ZooError, OSError, ValueError, KeyError, TypeError):
        plan, state, metrics = {}, "damaged", {}
    model, recipe = str(plan.get("model", "")), str(plan.get("recipe", ""))
    return LocalRun(path.name, path, model, recipe, state, metrics, size)


def _unfinished(path: Path) -> dict[str, Any]:
    step = (path / "state" / "CURRENT").read_text("utf-8").strip()
    plan = json.loads((path / "state" / step / "values.json").read_bytes())["plan"]
    return dict(plan)
