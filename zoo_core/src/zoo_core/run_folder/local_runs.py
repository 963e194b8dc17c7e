"""Local runs: the folders in ``ZOO_HOME/runs``, and the links there to runs in other folders."""

from __future__ import annotations

import contextlib
import os
import re
import secrets
import shutil
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, final

from zoo_core.errors import AmbiguousError, NotFoundError, TargetError, ZooError, suggest
from zoo_core.references import NO_DEVICE, shown
from zoo_core.run_folder.lock import lock_run_folder
from zoo_core.run_folder.manifest import MANIFEST, Metrics, no_checkpoint, read_manifest
from zoo_core.run_folder.objective import Objective
from zoo_core.run_folder.ownership import CURRENT, LOCK, STATE
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.run_folder.run_log import read_state_values
from zoo_core.storage.atomic import make_folder, target_errors
from zoo_core.storage.locations import runs_folder
from zoo_core.storage.sizes import size_below

_Found = TypeVar("_Found")
RUN_NAME = re.compile(rf"{NO_DEVICE}\w(?:[\w.-]{{0,98}}[\w-])?", re.ASCII | re.IGNORECASE)
"""The names that a run may be given. Windows drops a dot at the end."""
VERBATIM, VERBATIM_SHARE = "\\\\?\\", "\\\\?\\UNC\\"
"""How Windows begins the path of a folder, and of one on another machine, that a link holds."""


@final
class LocalRun(NamedTuple):
    """A run in the folder of runs, or one that a link there leads to.

    Args:
        name: The name of its folder or of the link.
        path: The path of its folder.
        model: The model; empty if it cannot be read.
        recipe: ``model.tag``, or empty.
        state: ``finished``, ``interrupted``, ``unfinished`` or ``damaged``.
        metrics: The metrics by split and name.
        size: The bytes on disk.
        changed_at: When it was written to last, in seconds since 1970.
        run_config: Everything that decides the run; None if it cannot be read.
        objective: The main metric of its trainer, and the better direction of each.
    """

    name: str
    path: Path
    model: str
    recipe: str
    state: str
    metrics: Metrics
    size: int
    changed_at: float
    run_config: RunConfig | None
    objective: Objective = Objective()


def list_runs() -> list[LocalRun]:
    """Returns every local run, sorted by name. Links to folders that are gone are removed."""
    return [_run(path) for path in _folders()]


def run_names() -> list[str]:
    """Returns the names of the local runs, sorted."""
    return [path.name for path in _folders()]


def find_run(name: str) -> LocalRun:
    """Returns the local run of a name.

    Raises:
        NotFoundError: There is none.
    """
    paths = {path.name: path for path in _folders()}
    if name not in paths:
        folder = Path(name).absolute()
        of_folder = [run for run, path in paths.items() if _target(path) == folder]
        hint = suggest(name, paths) or "try: zoo runs"
        if of_folder:
            hint = f"the run in that folder is called {of_folder[0]}"
        raise NotFoundError(f"no run {name!r}; {hint}")
    return _run(paths[name])


def find_run_folder(reference: str) -> Path | None:
    """Returns the folder of the local run that a reference names; None if it names no run.

    Raises:
        AmbiguousError: A folder in the current one has the same name.
    """
    path = runs_folder() / reference
    if not _is_name(reference) or not _is_folder(path):
        return None
    folder = _target(path)
    bare = Path(reference)
    if _is_folder(bare) and not bare.samefile(folder):
        raise AmbiguousError(
            f"{reference} is a run and a folder: write {shown(folder)} or {shown(bare)}"
        )
    return folder


def shown_run(folder: Path) -> str:
    """Returns the folder of a run as an argument of a command.

    It is the name of a run in the folder of runs, if nothing else has the name, else the path.
    """
    if folder.parent == runs_folder() and RUN_NAME.fullmatch(folder.name):
        with contextlib.suppress(AmbiguousError):
            if find_run_folder(folder.name):
                return folder.name
    return shown(folder)


def find_bare_folder(reference: str) -> Path | None:
    """Returns the folder in the current one that a reference without a slash names, if any."""
    folder = Path(reference)
    return folder if _is_name(reference) and _is_folder(folder) else None


def find_run_or_named(
    reference: str,
    known: Iterable[str],
    in_folder: Callable[[Path], _Found],
    by_name: Callable[[], _Found],
) -> _Found:
    """Returns what a reference means: a local run, else something of that name, else a folder.

    Args:
        reference: The reference.
        known: The names that ``by_name`` knows; only read for an error.
        in_folder: Returns what the folder of a run, or one in the current folder, holds.
        by_name: Returns what the reference means if it is no run.

    Raises:
        AmbiguousError: A run and a folder have this name.
        NotFoundError: The reference is none of them.
    """
    if folder := find_run_folder(reference):
        return in_folder(folder)
    try:
        return by_name()
    except NotFoundError as error:
        if folder := find_bare_folder(reference):
            return in_folder(folder)
        raise with_runs(reference, error, known) from None


def with_runs(reference: str, error: NotFoundError, known: Iterable[str]) -> NotFoundError:
    """Returns the error about an unknown name, which says too that it is no run or folder.

    Args:
        reference: The name. One with a slash or a colon can be no run, and gets the error itself.
        error: What it is not otherwise.
        known: What it is not. A name that is near to one of these gets the error itself.
    """
    if _is_name(reference) and Path(reference).is_file():
        return no_checkpoint(Path(reference))
    if "/" in reference or ":" in reference or suggest(reference, known):
        return error
    hint = suggest(reference, run_names())
    place = f"{reference!r} ({hint})" if hint else f"{reference!r}"
    return NotFoundError(f"no run or folder {place}, and {error}")


def check_removable(run: LocalRun) -> None:
    """Checks that a run lies in the folder of runs, where no one else keeps files.

    Raises:
        TargetError: It lies elsewhere.
    """
    if run.path != runs_folder() / run.name:
        raise TargetError(
            f"{run.name} lies in {run.path}: remove that folder yourself, and the name goes too"
        )


def remove_run(run: LocalRun) -> None:
    """Removes a run from the disk, its manifest first.

    Raises:
        TargetError: It lies in another folder than that of runs, or its files cannot be removed.
    """
    check_removable(run)
    states = run.path / STATE
    with lock_run_folder(run.path, to_remove=True), target_errors(run.path):
        (run.path / MANIFEST).unlink(missing_ok=True)
        for path in (*run.path.iterdir(), *states.iterdir()):
            if path in (states, states / LOCK):  # which is open; Windows removes no open file
                continue
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink()
    with target_errors(run.path):
        for folder in (states, run.path):
            if folder.exists():
                folder.rmdir()


def default_name(recipe: str) -> str:
    """Returns a new name for a run: the recipe, UTC time and four random hex digits."""
    now = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    return f"{recipe}-{now}-{secrets.token_hex(2)}"


def check_name_is_free(name: str, folder: Path) -> None:
    """Checks that no other run than that of a folder has a name.

    The name of a run whose folder is gone is free, and its link is removed.

    Raises:
        TargetError: One has.
    """
    path = runs_folder() / name
    _remove_dead_link(path)
    if path.exists() and not (folder.exists() and path.samefile(folder)):
        raise TargetError(f"there is a run {name} in {_target(path)}: choose another name")


def link_run(folder: Path, name: str) -> None:
    """Lists a run that lies elsewhere among the local runs, by a link; an older link is replaced.

    Args:
        folder: The checkpoint folder.
        name: The name of the link.

    Raises:
        TargetError: The link cannot be made.
    """
    runs, folder = runs_folder(), folder.absolute()
    if folder.resolve().parent == runs.resolve():
        return
    with target_errors(runs):
        make_folder(runs)
        for path in runs.iterdir():
            if path.is_symlink() and _target(path) == folder:
                path.unlink()
        (runs / name).symlink_to(folder, target_is_directory=True)


def _is_name(reference: str) -> bool:
    """Whether a reference may be the name of an entry of a folder."""
    is_path = "/" in reference or "\\" in reference or "\0" in reference
    return reference not in ("", ".", "..") and not is_path


def _target(path: Path) -> Path:
    """Returns the folder that a link leads to; another path as it is.

    Windows keeps the target of a link in a form of its own, with a prefix.
    """
    if not path.is_symlink():
        return path
    target = str(path.readlink())
    if target.startswith(VERBATIM_SHARE):
        target = "\\\\" + target.removeprefix(VERBATIM_SHARE)
    return path.parent / target.removeprefix(VERBATIM)


def _folders() -> list[Path]:
    folder = runs_folder()
    if not folder.is_dir():
        return []
    with os.scandir(folder) as entries:
        names = [entry.name for entry in entries if _is_run(entry)]
    return [folder / name for name in sorted(names)]


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except OSError:  # the name is too long
        return False


def _is_run(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder or a link to a run; a link to what is gone is removed."""
    if not entry.is_symlink():
        return entry.is_dir()
    path = Path(entry)
    _remove_dead_link(path)
    return (path / STATE).is_dir() or (path / MANIFEST).is_file()


def _remove_dead_link(path: Path) -> None:
    """Removes a link to a folder that is gone."""
    if path.is_symlink() and not os.path.lexists(_target(path)):
        with contextlib.suppress(OSError):
            path.unlink()


def _run(entry: Path) -> LocalRun:
    name, path = entry.name, _target(entry)
    size, changed_at = size_below(path), _changed_at(path)
    try:
        if (path / MANIFEST).exists():
            manifest = read_manifest(path)
            config, metrics, state = manifest.run_config, manifest.metrics, manifest.status
            model, recipe = config.model, config.recipe
            return LocalRun(
                name,
                path,
                model,
                recipe,
                state,
                metrics,
                size,
                changed_at,
                run_config=config,
                objective=manifest.objective,
            )
        values = _unfinished(path)
        model, recipe = str(values.get("model", "")), str(values.get("recipe", ""))
        return LocalRun(
            name, path, model, recipe, "unfinished", {}, size, changed_at, _run_config(values)
        )
    except (ZooError, OSError, ValueError, KeyError, TypeError):
        return LocalRun(name, path, "", "", "damaged", {}, size, changed_at, run_config=None)


def _changed_at(path: Path) -> float:
    """Returns when the last file that ends a save was written, in seconds since 1970."""
    for file in (path / MANIFEST, path / STATE / CURRENT, path):
        try:
            return file.stat().st_mtime
        except OSError:
            continue
    return 0.0


def _unfinished(path: Path) -> dict[str, Any]:
    return dict(read_state_values(path)["plan"])


def _run_config(values: dict[str, Any]) -> RunConfig | None:
    try:
        return RunConfig.from_json(values)
    except ZooError:
        return None
