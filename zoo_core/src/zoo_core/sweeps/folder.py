"""The folder of a sweep: ``sweep.toml``, its lock, and which folders may become one."""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import secrets
import socket
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any, NamedTuple, final

from zoo_core.configs.records import Count, read_record
from zoo_core.configs.settings import NONE
from zoo_core.errors import IntegrityError, NotFoundError, TargetError, ZooError
from zoo_core.run_folder.manifest import SWEEP, why_missing
from zoo_core.run_folder.ownership import check_utf8
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.storage.atomic import (
    TEMPORARY,
    make_folder,
    remove_temporary_files,
    target_errors,
    write_file,
)
from zoo_core.storage.file_systems import check_locks
from zoo_core.storage.locations import zoo_home
from zoo_core.storage.locks import release_and_remove
from zoo_core.storage.utf8 import read_utf8
from zoo_core.sweeps.question import Question
from zoo_core.sweeps.sweep import Questions, Sweep

FORMAT = 1
LOCK, HOLDER = "sweep.lock", "sweep.holder"
MAX_BYTES = 16_000_000
HEADER = "# What the runs in this folder were asked for; zoo sweep reads it.\n"


@final
class _SweepFile(NamedTuple):
    """The keys of ``sweep.toml``."""

    format: int
    threads: Count
    questions: Questions


def sweeps_folder() -> Path:
    """Returns the folder of sweeps that are not given another one."""
    return zoo_home() / "sweeps"


def default_folder(question: Question) -> Path:
    """Returns the folder of a question: more seeds or values of the same settings keep it."""
    base = replace(question.base, seed=0, threads=0)
    varied = {key for grid in question.grids for key in grid.keys}
    configs = {
        f"{section}.{key}": value
        for section, table in base.configs.items()
        for key, value in table.items()
        if f"{section}.{key}" not in varied
    }
    asked = [
        base.to_json() | {"configs": configs},
        sorted(varied),
        [grid.ranges for grid in question.grids],
        question.extends_vocabulary,
    ]
    text = json.dumps(asked, sort_keys=True, ensure_ascii=True)
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    recipe = base.recipe or f"{base.model}.{base.dataset}"
    return sweeps_folder() / f"{recipe}-{digest}"


def is_sweep(folder: Path) -> bool:
    """Whether a folder is that of a sweep."""
    return (folder / SWEEP).is_file()


def read_sweep(folder: Path) -> Sweep:
    """Returns what is asked of a folder.

    Raises:
        IntegrityError: ``sweep.toml`` is not well-formed.
        NotFoundError: The folder is not that of a sweep.
    """
    path = folder / SWEEP
    if not path.is_file():
        raise NotFoundError(f"no sweep in {folder}: {why_missing(folder, SWEEP)}")
    return parse_sweep(read_toml(path), path)


def read_toml(path: Path, error: type[ZooError] = IntegrityError) -> dict[str, Any]:
    """Returns the tables of a file that asks for a sweep.

    Args:
        path: The file.
        error: The class of the error to raise.

    Raises:
        ZooError: Of class ``error``: the file is not readable, too large, or not TOML.
    """
    try:
        if (size := path.stat().st_size) > MAX_BYTES:
            raise error(f"{path}: {size:,} bytes are too many")
        return tomllib.loads(read_utf8(path))
    except OSError as reason:
        raise error(f"{path} is not readable: {reason.strerror}") from None
    except (ValueError, RecursionError) as reason:
        raise error(f"{path}: not valid TOML: {reason}") from None


def parse_sweep(values: Mapping[str, Any], path: Path) -> Sweep:
    """Returns the sweep in the tables of a ``sweep.toml``.

    Args:
        values: The tables.
        path: The file, for errors.

    Raises:
        IntegrityError: The tables are not well-formed.
    """
    if "format" not in values:
        raise IntegrityError(f"{path}: no format: it is not what zoo sweep wrote; remove it")
    if (version := values["format"]) != FORMAT:
        raise IntegrityError(f"{path}: format {version!r:.80}: this core reads {FORMAT}")
    content = read_record(
        _SweepFile, values, source=str(path), parsers={RunConfig: RunConfig.from_json}
    )
    return Sweep(threads=content.threads, questions=content.questions)


def write_sweep(folder: Path, sweep: Sweep) -> None:
    """Writes ``sweep.toml``.

    Raises:
        TargetError: It cannot be written; an old one stays.
    """
    import tomlkit

    values = {"format": FORMAT, "threads": sweep.threads, "questions": []}
    values["questions"] = [_question(question) for question in sweep.questions]
    write_file(folder / SWEEP, (HEADER + tomlkit.dumps(values)).encode())


def _question(question: Question) -> dict[str, Any]:
    values = asdict(question)
    values["base"] = question.base.to_json()
    tables: dict[str, Any] = _plain(values)
    return tables


def _plain(value: Any) -> Any:
    """Returns a value as TOML holds it: lists for tuples, ``none`` for None."""
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return NONE if value is None else value


@contextlib.contextmanager
def lock_sweep_folder(folder: Path) -> Iterator[None]:
    """Inside, only this process carries out the sweep of a folder.

    The operating system releases the lock of a process that dies. A folder that is created for the
    lock and stays empty is removed again.

    Raises:
        TargetError: Another process holds the lock, the folder cannot be written to, it holds
            files that the zoo did not make, or its file system keeps locks from other machines.
    """
    from filelock import FileLock, Timeout

    check_sweep_folder(folder)
    check_locks(folder)
    with target_errors(folder):
        created = [path for path in (folder, *folder.parents) if not path.exists()]
        make_folder(folder)
        lock = FileLock(folder / LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise TargetError(
                f"{folder} is in use by {_holder(folder)}; wait for it, or choose another folder"
            ) from None
    try:
        holder = {"pid": os.getpid(), "host": socket.gethostname(), "token": secrets.token_hex(8)}
        write_file(folder / HOLDER, json.dumps(holder).encode())
        remove_temporary_files(folder)
        yield
    finally:
        with contextlib.suppress(OSError):
            (folder / HOLDER).unlink(missing_ok=True)
            if {path.name for path in folder.iterdir()} <= {LOCK}:
                release_and_remove(lock)
        lock.release()
        for path in created:
            with contextlib.suppress(OSError):  # it is not empty
                path.rmdir()


def check_sweep_folder(folder: Path) -> None:
    """Checks that a sweep may write to a folder: a new or empty one, or that of a sweep.

    Raises:
        TargetError: It holds other files, is a file, or its ``sweep.toml`` is a link.
    """
    check_utf8(folder)
    with target_errors(folder):
        if not folder.exists():
            return
        if not folder.is_dir():
            raise TargetError(f"{folder} is not a folder")
        for name in (SWEEP, LOCK, HOLDER):
            if (folder / name).is_symlink():
                raise TargetError(f"{folder / name} is a link, and a sweep writes to it; remove it")
        if is_sweep(folder):
            return
        own = {LOCK, HOLDER}
        others = [path.name for path in folder.iterdir() if path.name not in own]
        if not all(TEMPORARY.fullmatch(name) for name in others):
            raise TargetError(
                f"{folder} holds files that are not of a sweep; choose a new or empty folder"
            )


def _holder(folder: Path) -> str:
    try:
        holder = json.loads((folder / HOLDER).read_bytes())
        return f"process {holder['pid']} on {holder['host']}"
    except (OSError, ValueError, KeyError, TypeError):
        return "another process"
