"""Saved states to resume from: ``state/<step>/`` in a checkpoint folder, immutable.

A state is written to a temporary sibling, synced and renamed. Then ``state/CURRENT``, which is
replaced in one move, names it. Only then are older states removed. A kill at any instant therefore
leaves the old state or the new one.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple, final

from torch import Tensor

from zoo_core.configs.records import read_record
from zoo_core.data.signature import Signature
from zoo_core.errors import IntegrityError, NotFoundError, suggest
from zoo_core.references import shown
from zoo_core.run_folder.local_runs import run_names
from zoo_core.run_folder.manifest import MANIFEST, SWEEP, why_missing
from zoo_core.run_folder.ownership import CURRENT, STATE, STATE_VALUES
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.checkpoints.tensors import read_tensors, to_parts
from zoo_core.runtime.training.loop_state import LoopState, RunProgress
from zoo_core.storage.atomic import (
    make_folder,
    remove_temporary_files,
    rename,
    sync_folder,
    target_errors,
    write_file,
    write_new,
)

LAST, BEST, TENSORS = "last", "best", "tensors"


@final
class SavedState(NamedTuple):
    """A state of a training loop, with the run that it belongs to.

    Args:
        run_config: Everything that decides the run.
        signature: The signature of the data.
        fingerprint: The fingerprint of the data.
        versions: The versions of python, torch, zoo-core and the plugins.
        loop_state: The state of the training loop.
        instructions: How the kernel ran on the machine of the run; empty if it is not known.
    """

    run_config: RunConfig
    signature: Signature
    fingerprint: str
    versions: dict[str, str]
    loop_state: LoopState
    instructions: str = ""


def has_state(folder: Path) -> bool:
    """Whether a checkpoint folder holds a state to resume from."""
    return (folder / STATE / CURRENT).is_file()


def check_has_state(folder: Path) -> None:
    """Checks that a checkpoint folder holds a state to resume from.

    Raises:
        NotFoundError: It holds none.
    """
    if not has_state(folder):
        reason = why_missing(folder, f"{STATE}/{CURRENT}")
        if not folder.exists():
            reason += f"; {suggest(str(folder), run_names()) or 'see: zoo runs'}"
        elif (folder / MANIFEST).is_file():
            start = f"zoo train MODEL --from {shown(folder)}"
            reason += f" without the state of its run; to start from its weights: {start}"
        elif (folder / SWEEP).is_file():
            reason += f"; to continue it: zoo sweep {shown(folder)}"
        raise NotFoundError(f"no run to resume in {folder}: {reason}")


def current_state(folder: Path) -> Path:
    """Returns the folder of the state that ``CURRENT`` names.

    Raises:
        IntegrityError: ``CURRENT`` does not name a state.
    """
    name = (folder / STATE / CURRENT).read_text("utf-8").strip()
    if not name.isdigit():
        raise IntegrityError(f"{folder / STATE / CURRENT} names no state: {name!r:.40}")
    return folder / STATE / name


@final
class StateFiles(NamedTuple):
    """The files of a state, ready to be written.

    Args:
        step: The optimizer step of the state.
        contents: The content of each file by its name, in parts.
    """

    step: int
    contents: dict[str, list[memoryview]]

    @classmethod
    def of(cls, saved: SavedState) -> StateFiles:
        """Returns the files of a state, which share the memory of its tensors."""
        loop_state = saved.loop_state
        contents = {
            f"{LAST}.safetensors": to_parts(loop_state.weights),
            f"{TENSORS}.safetensors": to_parts(loop_state.tensors),
        }
        if loop_state.best_weights:
            contents[f"{BEST}.safetensors"] = to_parts(loop_state.best_weights)
        contents[STATE_VALUES] = [memoryview(_to_json(state_values(saved)))]
        return cls(loop_state.progress.steps, contents)

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(len(part) for parts in self.contents.values() for part in parts)

    def copied(self) -> StateFiles:
        """Returns a copy, which no later step of the training changes."""
        copies = {
            name: [memoryview(bytes(part)) for part in parts]
            for name, parts in self.contents.items()
        }
        return StateFiles(self.step, copies)


def write_state(folder: Path, files: StateFiles) -> int:
    """Saves a state and makes it the current one.

    Returns:
        The optimizer step of the state. If the current state is of that step, it is left as it is:
        resuming from it gives the same result.

    Raises:
        TargetError: The folder cannot be written to; the old state is still the current one.
    """
    states = folder / STATE
    target = states / str(files.step)
    with target_errors(states, files.size):
        current = current_state(folder) if has_state(folder) else None
        if current:  # named by a save that may have failed before this was on disk
            sync_folder(states)
        if current == target:
            return files.step
        make_folder(states)
        _remove_states(states, keep=current)
        remove_temporary_files(states)
        temporary = states / f".{files.step}.tmp"
        try:
            temporary.mkdir()
            for name, parts in files.contents.items():
                write_new(temporary / name, *parts)
            sync_folder(temporary)
            rename(temporary, target)
        except OSError:
            shutil.rmtree(temporary, ignore_errors=True)
            raise
        sync_folder(states)
        write_file(states / CURRENT, f"{files.step}\n".encode())
        _remove_states(states, keep=target)
    return files.step


def replace_run_config(folder: Path, run_config: RunConfig) -> None:
    """Replaces the run config of the current state, in one move; the rest stays as it is.

    Raises:
        TargetError: The state cannot be written to; it is as it was.
    """
    path = current_state(folder) / STATE_VALUES
    values = json.loads(path.read_bytes()) | {"plan": run_config.to_json()}
    write_file(path, _to_json(values))


def read_state(folder: Path, *, with_tensors: bool = True) -> SavedState:
    """Reads the current state.

    Args:
        folder: The checkpoint folder.
        with_tensors: Whether to read the tensors, which may have gigabytes; without them, those of
            the state are empty.

    Raises:
        IntegrityError: It is damaged.
        NotFoundError: There is none.
    """
    check_has_state(folder)
    while True:
        state = current_state(folder)
        try:
            return _read(state, with_tensors=with_tensors)
        except IntegrityError:
            if current_state(folder) == state:
                raise
            # A running training has saved a newer state and removed this one: read that.


@final
class _StateValues(NamedTuple):
    """The content of ``values.json``; the names are those of the file."""

    plan: RunConfig
    signature: Signature
    fingerprint: str
    versions: dict[str, str]
    snapshot: dict[str, Any]
    instructions: str = ""


def _read(state: Path, *, with_tensors: bool) -> SavedState:
    path = state / STATE_VALUES
    try:
        values = json.loads(path.read_bytes())
    except PermissionError as error:
        raise IntegrityError(f"{path} is not readable: {error.strerror}") from None
    except (OSError, ValueError, RecursionError) as error:
        problem = "is missing" if isinstance(error, FileNotFoundError) else "is damaged"
        raise IntegrityError(
            f"{state} is not a whole state: {STATE_VALUES} {problem}; train the run again, with "
            "--overwrite"
        ) from error
    if not with_tensors:
        return state_of(values, weights={}, best_weights={}, tensors={}, source=str(path))
    best = state / f"{BEST}.safetensors"
    return state_of(
        values,
        weights=read_tensors(state / f"{LAST}.safetensors"),
        best_weights=read_tensors(best) if best.is_file() else {},
        tensors=read_tensors(state / f"{TENSORS}.safetensors"),
        source=str(path),
    )


def state_of(
    values: object,
    *,
    weights: dict[str, Tensor],
    best_weights: dict[str, Tensor],
    tensors: dict[str, Tensor],
    source: str,
) -> SavedState:
    """Returns the state of JSON values that ``state_values`` returned, and of its tensors.

    Args:
        values: The values.
        weights: The weights after the last step.
        best_weights: The weights of the best epoch, if any.
        tensors: The other tensors of the training loop.
        source: Where the values are from, for messages.

    Raises:
        IntegrityError: A value is missing or of the wrong type.
    """
    parsers = {RunConfig: RunConfig.from_json, Signature: Signature.from_json}
    record = read_record(_StateValues, values, source=source, parsers=parsers)
    loop_values = dict(record.snapshot)
    position = loop_values.pop("position", None)
    if isinstance(position, dict) and "best_loss" in position:  # before there were other metrics
        position["best_value"] = position.pop("best_loss")
    progress = read_record(
        RunProgress,
        position,
        source=source,
        key="snapshot.position",
        use_defaults=False,
    )
    return SavedState(
        run_config=record.plan,
        signature=record.signature,
        fingerprint=record.fingerprint,
        versions=record.versions,
        loop_state=LoopState(
            weights=weights,
            best_weights=best_weights,
            tensors=tensors,
            progress=progress,
            values=loop_values,
        ),
        instructions=record.instructions,
    )


def state_values(saved: SavedState) -> dict[str, Any]:
    """Returns what ``values.json`` holds of a state: all but its tensors."""
    loop_state = saved.loop_state
    return {
        "plan": saved.run_config.to_json(),
        "signature": saved.signature.to_json(),
        "fingerprint": saved.fingerprint,
        "versions": saved.versions,
        "instructions": saved.instructions,
        "snapshot": loop_state.values | {"position": asdict(loop_state.progress)},
    }


def _to_json(values: dict[str, Any]) -> bytes:
    return json.dumps(values, indent=1).encode()


def _remove_states(states: Path, keep: Path | None) -> None:
    for path in states.iterdir():
        if path.is_dir() and path != keep:
            shutil.rmtree(path)
