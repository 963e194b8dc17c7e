"""Which runs of a folder were trained by turns on the same cores, so that their times compare.

The processor's clock, its caches and other work on the machine change from minute to minute. Runs
that take turns, every model once for a seed before any for the next one, meet the same conditions
on average; runs of different days or machines do not. A session is one command on one machine;
``turns.json`` says in which one each run was trained, and whether it went through without a break.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import NamedTuple, final

from zoo_core.comparisons.run_record import RunRecord
from zoo_core.configs.records import read_record
from zoo_core.errors import IntegrityError
from zoo_core.storage.atomic import write_file

TURNS = "turns.json"


@final
class Turn(NamedTuple):
    """How a run was trained.

    Args:
        session: The name of the session.
        is_whole: Whether the run was neither interrupted nor resumed.
    """

    session: str
    is_whole: bool


@final
class Turns(NamedTuple):
    """The content of ``turns.json``.

    Args:
        sessions: What is known of each session: when it began, the engine and the machine.
        runs: How each run was trained, by the name of its folder.
    """

    sessions: dict[str, dict[str, str]]
    runs: dict[str, Turn]

    def with_run(self, name: str, turn: Turn) -> Turns:
        """Returns these turns with one of another run."""
        return self._replace(runs={**self.runs, name: turn})


def read_turns(folder: Path) -> Turns:
    """Returns how the runs in a folder were trained; nothing if that is not known."""
    try:
        return read_record(Turns, json.loads((folder / TURNS).read_bytes()))
    except (OSError, ValueError, RecursionError, IntegrityError):
        return Turns({}, {})


def write_turns(folder: Path, turns: Turns) -> None:
    """Writes how the runs in a folder were trained.

    Raises:
        TargetError: The file cannot be written; an old one stays.
    """
    runs = {name: turn._asdict() for name, turn in turns.runs.items()}
    text = json.dumps({"sessions": turns.sessions, "runs": runs}, indent=1)
    write_file(folder / TURNS, f"{text}\n".encode())


def timed_folders(runs: Iterable[RunRecord]) -> Collection[Path]:
    """Returns the folders of the runs whose times compare.

    These are the runs of the seeds for which every run was trained in the same session and without
    a break. Runs of two folders of comparisons have none.
    """
    by_parent: dict[Path, list[RunRecord]] = {}
    for run in runs:
        by_parent.setdefault(run.folder.absolute().parent, []).append(run)
    found = [timed for parent, group in by_parent.items() if (timed := _timed(parent, group))]
    return found[0] if len(found) == 1 else set()


def _timed(parent: Path, runs: Iterable[RunRecord]) -> set[Path]:
    turns = read_turns(parent).runs
    rounds: dict[int, list[RunRecord]] = {}
    for run in runs:
        rounds.setdefault(run.run_config.seed, []).append(run)
    timed: set[Path] = set()
    for round_runs in rounds.values():
        known = [turns.get(run.folder.name) for run in round_runs]
        sessions = {turn.session for turn in known if turn}
        if all(turn and turn.is_whole for turn in known) and len(sessions) == 1:
            timed |= {run.folder for run in round_runs}
    return timed
