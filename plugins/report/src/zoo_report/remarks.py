"""What a reader must know of the runs of a report beside their results."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from zoo_core.comparisons.find_runs import FoundRuns
from zoo_core.sweeps.folder import is_sweep
from zoo_core.sweeps.run_states import list_sweep_runs


def remarks(folders: Sequence[Path], found: FoundRuns) -> list[str]:
    """Returns the runs that are not in the report or were interrupted, one line for each.

    A page may be published, so folders are named by their last part.
    """
    failed = {
        run.path: f"{run.name} failed: {run.reason}"
        for folder in folders
        if is_sweep(folder)
        for run in list_sweep_runs(folder)
        if run.state == "failed"
    }
    left_out = [
        reason
        for reason in found.left_out
        if not any(reason.startswith(f"{path} failed: ") for path in failed)
    ]
    interrupted = [
        f"{run.folder.absolute().name} was interrupted: its results are those of "
        f"{len(run.curve)} epochs"
        for run in found.runs
        if run.status != "finished" and run.folder not in failed
    ]
    return [_without_parents(line, folders) for line in [*failed.values(), *left_out, *interrupted]]


def _without_parents(line: str, folders: Sequence[Path]) -> str:
    for folder in folders:
        for parent in (folder.absolute().parent, folder.parent):
            if parent.name:  # neither the current folder nor a root
                line = line.replace(str(parent / "_")[:-1], "")  # with the system's separator
    return line
