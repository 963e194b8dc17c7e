"""The one ``zoo ui`` of a ``ZOO_HOME``: a lock, and a file that says where the page is.

The operating system releases the lock of a process that dies, so what it leaves is ignored.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path

from zoo_core.errors import TargetError
from zoo_core.storage.atomic import make_folder, target_errors, write_file
from zoo_core.storage.locations import zoo_home

FOLDER, LOCK, ADDRESS = "ui", "LOCK", "address.json"


@contextlib.contextmanager
def only_instance() -> Iterator[Path]:
    """Yields the file for the address of the page; inside, no other ``zoo ui`` starts.

    Raises:
        TargetError: Another one runs, which the message says where, or ``ZOO_HOME`` cannot be
            written to.
    """
    from filelock import FileLock, Timeout

    folder = zoo_home() / FOLDER
    address = folder / ADDRESS
    with target_errors(folder):
        make_folder(folder)
        lock = FileLock(folder / LOCK, timeout=0)
        try:
            lock.acquire()
        except Timeout:
            raise TargetError(f"zoo ui runs already{_place(address)}") from None
    try:
        address.unlink(missing_ok=True)
        yield address
    finally:
        with contextlib.suppress(OSError):
            address.unlink(missing_ok=True)
        lock.release()


def write_address(path: Path, address: str) -> None:
    """Writes where the page is, for a second ``zoo ui``.

    Raises:
        TargetError: The file cannot be written.
    """
    write_file(path, json.dumps({"address": address, "pid": os.getpid()}).encode())


def _place(path: Path) -> str:
    """Returns where the other page is, in words that follow "runs already"."""
    try:
        values = json.loads(path.read_bytes())
        address, pid = str(values["address"]), int(values["pid"])
    except (OSError, ValueError, KeyError, TypeError):
        return ", and is just starting; wait a moment"
    return f" at {address}; open that page, or end it first: kill -INT {pid}"
