"""The file operations of an action in a folder, and what a crash between two of them leaves.

There are two kinds of crash. A kill leaves every operation that was done. A power cut may lose
those that were not synced: the entries of a folder since that folder was last synced, of one
folder or of all, and the content of a file before it was synced.
"""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, final

import pytest

ENTRIES = {"os.mkdir": "mkdir", "os.rmdir": "rmdir", "os.remove": "remove"}
WRITES = os.O_WRONLY | os.O_RDWR


@final
class Operation(NamedTuple):
    """One file operation.

    Args:
        kind: ``create``, ``write``, ``rename``, ``mkdir``, ``rmdir``, ``remove``, ``sync``.
        path: The file or folder, relative to the recorded folder.
        target: The new path, of a rename.
        data: The whole content at the time of the sync, of a write.
    """

    kind: str
    path: Path
    target: Path = Path()
    data: bytes = b""


@contextmanager
def recording(folder: Path) -> Iterator[list[Operation]]:
    """Records the operations on files and folders below a folder, in order."""
    operations: list[Operation] = []
    root = folder.resolve()

    def note(kind: str, place: str, target: str = "", data: bytes = b"") -> None:
        path = Path(os.path.abspath(place))  # noqa: PTH100  # a link's own place, not what it leads to
        if path.is_relative_to(root):
            new_path = Path(os.path.abspath(target)).relative_to(root) if target else Path()  # noqa: PTH100
            operations.append(Operation(kind, path.relative_to(root), new_path, data))

    def sync(descriptor: int) -> None:
        os_sync(descriptor)
        place = _place(descriptor)
        folder_synced = Path(place).is_dir()
        data = b"" if folder_synced else Path(place).read_bytes()
        note("sync" if folder_synced else "write", place, data=data)

    global _listener  # noqa: PLW0603  # an audit hook stays for good, so one serves all
    os_sync = os.fsync
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", sync)
        _listener = note
        try:
            yield operations
        finally:
            _listener = None


Tree = dict[Path, bytes | None]
"""The content of every file by its path, and None for a folder."""


def crashes(before: Path, operations: list[Operation], into: Path) -> Iterator[tuple[str, Path]]:
    """Yields what a crash after each operation leaves.

    Args:
        before: The folder as it was before the first operation.
        operations: The recorded operations.
        into: Where the folder is rebuilt for every crash, over the one before.

    Yields:
        The kind of crash, ``kill`` or ``power cut``, and the folder ``into``.
    """
    for count in range(len(operations) + 1):
        yield from crashes_after(before, operations[:count], into)


def crashes_after(before: Path, done: list[Operation], into: Path) -> Iterator[tuple[str, Path]]:
    """Yields what a kill and every power cut leave after some operations."""
    start = {
        path.relative_to(before): path.read_bytes() if path.is_file() else None
        for path in before.rglob("*")
    }
    if done and done[-1].kind == "write":
        half = done[-1]._replace(data=done[-1].data[: len(done[-1].data) // 2])
        yield "kill", _write_tree(_replay(start, [*done[:-1], half], ()), into)
    for lost in ((), *_losses(done)):
        yield "power cut" if lost else "kill", _write_tree(_replay(start, done, lost), into)


def _losses(done: list[Operation]) -> Iterator[Collection[int]]:
    """Yields the indices of the operations that a power cut may undo: of one folder, or of all."""
    pending: dict[Path, set[int]] = {}
    for number, operation in enumerate(done):
        if operation.kind == "sync":
            pending.pop(operation.path, None)
        elif operation.kind != "write":
            path = operation.target if operation.target.name else operation.path
            pending.setdefault(path.parent, set()).add(number)
    yield from pending.values()
    if len(pending) > 1:
        yield set().union(*pending.values())


def _replay(start: Tree, done: list[Operation], lost: Collection[int]) -> Tree:
    """Applies operations to a tree; an operation in a lost folder is lost too."""
    tree = dict(start)
    for number, operation in enumerate(done):
        above = operation.path.parent
        if number in lost or not (above == Path() or above in tree):
            continue
        match operation.kind:
            case "create":
                tree[operation.path] = b""
            case "mkdir":
                tree[operation.path] = None
            case "write" if operation.path in tree:
                tree[operation.path] = operation.data
            case "remove" | "rmdir":
                tree.pop(operation.path, None)
            case "rename" if operation.path in tree:
                for path in [p for p in tree if p.is_relative_to(operation.path)]:
                    tree[operation.target / path.relative_to(operation.path)] = tree.pop(path)
    return tree


def _write_tree(tree: Tree, into: Path) -> Path:
    shutil.rmtree(into, ignore_errors=True)
    into.mkdir()
    for path, data in sorted(tree.items(), key=lambda item: item[0]):
        if data is None:
            (into / path).mkdir(parents=True, exist_ok=True)
        elif (into / path).parent.is_dir():
            (into / path).write_bytes(data)
    return into


_listener: Callable[..., None] | None = None


def _hook(event: str, arguments: tuple[object, ...]) -> None:
    if _listener is None:
        return
    if event == "open" and isinstance(arguments[0], str | bytes | os.PathLike):
        mode, flags = arguments[1], arguments[2]
        if (isinstance(mode, str) and mode[0] in "wxa") or (
            mode is None and isinstance(flags, int) and flags & WRITES
        ):
            _listener("create", os.fsdecode(arguments[0]))
    elif event == "os.rename":
        _listener("rename", os.fsdecode(arguments[0]), os.fsdecode(arguments[1]))  # type: ignore[arg-type]
    elif event in ENTRIES:
        parent = arguments[-1]
        name = os.fsdecode(arguments[0])  # type: ignore[arg-type]
        inside = isinstance(parent, int) and parent >= 0
        _listener(ENTRIES[event], os.path.join(_place(parent), name) if inside else name)  # type: ignore[arg-type]  # noqa: PTH118


def _place(descriptor: int) -> str:
    return os.readlink(f"/proc/self/fd/{descriptor}")  # noqa: PTH115


sys.addaudithook(_hook)
