"""The runs below a folder: the folder itself, a folder of runs, a sweep, a folder of sweeps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple, final

from zoo_core.comparisons.run_record import RunRecord, read_run
from zoo_core.errors import IntegrityError, MisfitError, NotFoundError, ZooError
from zoo_core.references import shown
from zoo_core.run_folder.manifest import MANIFEST, what_folder
from zoo_core.run_folder.ownership import STATE
from zoo_core.sweeps.folder import is_sweep, read_sweep
from zoo_core.sweeps.run_states import list_sweep_runs, result_of

MAX_NAMES = 4
"""Missing runs that a line names."""
MAX_DEPTH = 2
"""How deep runs are looked for: a folder of sweeps, each with a folder for every run."""


@final
class FoundRuns(NamedTuple):
    """Runs, and the folders of runs that cannot be compared.

    Args:
        runs: The runs that have ended, by folder.
        left_out: Why others are left out or missing, one line for each.
    """

    runs: list[RunRecord]
    left_out: list[str]


def find_runs(folders: Iterable[Path]) -> FoundRuns:
    """Returns the runs in folders, in the order of the folders and then of the runs in them.

    Those of a sweep are in the order in which they were asked for, others in that of their names.

    A run that is named twice, or that repeats another with the same settings and seed, counts once:
    a repetition says nothing about the spread.

    Raises:
        IntegrityError: The only run of a folder is damaged.
        MisfitError: The only run of a folder has not ended.
        NotFoundError: A folder holds no run, or its only run was stopped before its first save.
    """
    runs: dict[object, RunRecord] = {}
    left_out = []
    for folder in folders:
        run_folders = list(_run_folders(folder))
        if not run_folders:
            where = f"in {folder}" if folder.is_dir() else f"{folder}: it is no folder"
            what = f": {kind}" if (kind := what_folder(folder)) else ""
            raise NotFoundError(f"no run {where}{what}; see: zoo runs")
        for path in run_folders:
            try:
                run = read_run(path)
            except (IntegrityError, MisfitError, NotFoundError) as error:
                if run_folders == [folder]:
                    raise
                result = result_of(path)
                has_failed = result.state == "failed"
                left_out.append(f"{path} failed: {result.reason}" if has_failed else str(error))
                continue
            known = runs.setdefault(run.identity, run)
            if known.folder.absolute() != path.absolute():
                left_out.append(f"{path} repeats {known.folder} and is counted once")
        left_out += _missing_runs(folder)
    return FoundRuns(list(runs.values()), left_out)


def _missing_runs(folder: Path) -> Iterator[str]:
    """Yields a line for each sweep in a folder with runs that have not begun."""
    for sweep in [folder, *sorted(path for path in folder.iterdir() if path.is_dir())]:
        if not is_sweep(sweep):
            continue
        try:
            names = [run.name for run in list_sweep_runs(sweep) if run.state == "missing"]
        except ZooError:
            continue  # the runs are there, whatever sweep.toml holds
        if names:
            first = ", ".join(names[:MAX_NAMES]) + (", …" if len(names) > MAX_NAMES else "")
            yield (
                f"{sweep} lacks {len(names)} of the runs that it was asked for: {first}; see: "
                f"zoo runs --sweep {shown(sweep)}"
            )


def is_run(folder: Path) -> bool:
    """Whether a folder holds a run, ended or not."""
    return (folder / MANIFEST).is_file() or (folder / STATE).is_dir()


def _run_folders(folder: Path, depth: int = 0) -> Iterator[Path]:
    if is_run(folder):
        yield folder
    elif depth < MAX_DEPTH and folder.is_dir():
        asked = _asked_names(folder)
        for path in sorted(folder.iterdir(), key=lambda path: (asked.get(path.name, 0), path)):
            if path.is_dir() and not path.name.startswith("."):
                yield from _run_folders(path, depth + 1)


def _asked_names(folder: Path) -> dict[str, int]:
    """Returns the place of each run of a sweep by name; nothing for another folder."""
    if not is_sweep(folder):
        return {}
    try:
        names = [run.name for run in read_sweep(folder).runs()]
    except ZooError:
        return {}  # the runs are there, whatever sweep.toml holds
    return {name: place for place, name in enumerate(names)}
