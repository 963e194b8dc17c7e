"""Saved states: ``state/<step>/`` in a checkpoint folder, immutable, to resume from.

A state is written to a temporary sibling, synced and renamed; only then does ``state/CURRENT``,
replaced in one move, name it; only then are older ones removed. So a kill at any instant leaves
the old one or the new one.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple, final

from zoo_core.data.signature import Signature
from zoo_core.errors import IntegrityError, NotFoundError
from zoo_core.run_folder.lock import STATE
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.checkpoints.tensors import read_tensors, to_bytes
from zoo_core.runtime.training.loop_state import Snapshot
from zoo_core.storage.atomic import (
    make_folder,
    remove_remains,
    sync_folder,
    target_errors,
    write_file,
    write_new,
)

CURRENT = "CURRENT"
LAST, BEST, TENSORS, VALUES = "last", "best", "tensors", "values.json"


@final
class SavedState(NamedTuple):
    """A state with what it belongs to.

    Args:
        run_config: Of the run.
        signature: Of the data.
        fingerprint: Of the data.
        versions: Of python, torch, zoo-core and the plugins.
        snapshot: Of the loop.
    """

    run_config: RunConfig
    signature: Signature
    fingerprint: str
    versions: dict[str, str]
    snapshot: Snapshot


def has_state(folder: Path) -> bool:
    """Whether a run can be resumed from this folder."""
    return (folder / STATE / CURRENT).is_file()


def current(folder: Path) -> Path:
    """The folder of the state that counts.

    Raises:
        IntegrityError: ``CURRENT`` names none.
    """
    name = (folder / STATE / CURRENT).read_text("utf-8").strip()
    if not name.isdigit():
        raise IntegrityError(f"{folder / STATE / CURRENT} names no state: {name!r:.40}")
    return folder / STATE / name


def write_state(folder: Path, saved: SavedState) -> int:
    """Saves a state and makes it the one that counts.

    Returns:
        The step it was saved at. A state of that step that already counts is left as it is:
        going on from it gives the same.

    Raises:
        TargetError: The folder cannot be written to; the old state stands.
    """
    step = int(saved.snapshot.values["position"]["steps"])
    states = folder / STATE
    home = states / str(step)
    contents = _contents(saved)
    with target_errors(states, sum(map(len, contents.values()))):
        if has_state(folder) and current(folder) == home:
            return step
        make_folder(states)
        _remove_others(states, keep=current(folder) if has_state(folder) else None)
        remove_remains(states)
        temporary = states / f".{step}.tmp"
        try:
            temporary.mkdir()
            for name, data in contents.items():
                write_new(temporary / name, data)
            sync_folder(temporary)
            temporary.rename(home)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        sync_folder(states)
        write_file(states / CURRENT, f"{step}\n".encode())
        _remove_others(states, keep=home)
    return step


def read_state(folder: Path) -> SavedState:
    """The state that counts.

    Raises:
        IntegrityError: It is not well-formed.
        NotFoundError: There is none.
    """
    if not has_state(folder):
        raise NotFoundError(f"no run to go on with in {folder}: it has no {STATE}/{CURRENT}")
    while True:
        home = current(folder)
        try:
            return _read(home)
        except IntegrityError:
            if current(folder) == home:  # else the run has gone on and pruned it meanwhile
                raise


def _read(home: Path) -> SavedState:
    try:
        values = json.loads((home / VALUES).read_bytes())
        best = home / f"{BEST}.safetensors"
        return SavedState(
            run_config=RunConfig.from_json(values["plan"]),
            signature=Signature.from_json(values["signature"]),
            fingerprint=values["fingerprint"],
            versions=values["versions"],
            snapshot=Snapshot(
                weights=read_tensors(home / f"{LAST}.safetensors"),
                best=read_tensors(best) if best.is_file() else {},
                tensors=read_tensors(home / f"{TENSORS}.safetensors"),
                values=values["snapshot"],
            ),
        )
    except PermissionError as error:
        raise IntegrityError(f"{error.filename} is not readable: {error.strerror}") from None
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise IntegrityError(f"{home} is not a whole state: {error!r}") from error


def _contents(saved: SavedState) -> dict[str, bytes]:
    snapshot = saved.snapshot
    values: dict[str, Any] = {
        "plan": saved.run_config.to_json(),
        "signature": saved.signature.to_json(),
        "fingerprint": saved.fingerprint,
        "versions": saved.versions,
        "snapshot": snapshot.values,
    }
    groups = {LAST: snapshot.weights, TENSORS: snapshot.tensors}
    if snapshot.best:
        groups[BEST] = snapshot.best
    contents = {f"{name}.safetensors": to_bytes(tensors) for name, tensors in groups.items()}
    return contents | {VALUES: json.dumps(values, indent=1).encode()}


def _remove_others(states: Path, keep: Path | None) -> None:
    for each in states.iterdir():
        if each.is_dir() and each != keep:
            shutil.rmtree(each)
