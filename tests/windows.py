"""The rules of Windows about open files, on Linux: what breaks them there raises here.

Windows neither removes nor replaces a file that a program has open or mapped into memory, and
renames no folder that holds one. It is the rule for files that Python, filelock and safetensors
open; the errors are those that Python raises there.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

MAPS, DESCRIPTORS = Path("/proc/self/maps"), Path("/proc/self/fd")
needs_proc = pytest.mark.skipif(not MAPS.exists(), reason="only Linux tells which files are open")
MESSAGE = "The process cannot access the file because it is being used by another process"


@contextmanager
def rules_of_open_files() -> Iterator[None]:
    """Inside, this process is refused what Windows would refuse it."""

    def guarded(operation: Callable[..., Any], places: int) -> Callable[..., Any]:
        def guard(*arguments: Any, **options: Any) -> Any:
            folder = options.get("dir_fd") or options.get("src_dir_fd")
            for place in arguments[:places]:
                _check(os.fspath(place), folder)
            return operation(*arguments, **options)

        return guard

    with pytest.MonkeyPatch.context() as patch:
        for name, places in {"unlink": 1, "remove": 1, "rename": 2, "replace": 2}.items():
            patch.setattr(os, name, guarded(getattr(os, name), places))
        yield


def _check(place: str, folder: int | None) -> None:
    """Raises PermissionError if a file at a place is open, or one below it if it is a folder."""
    if folder is not None:
        place = os.path.join(os.readlink(DESCRIPTORS / str(folder)), place)  # noqa: PTH115, PTH118
    path = Path(place)
    if path.is_symlink() or not path.exists():
        return
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    opened = _open_files()
    for file in files:
        status = file.stat()
        if (status.st_dev, status.st_ino) in opened:
            raise PermissionError(13, MESSAGE, str(file))


def _open_files() -> set[tuple[int, int]]:
    """Returns device and inode of every file that this process has open or mapped."""
    found = set()
    for descriptor in DESCRIPTORS.iterdir():
        try:
            status = os.fstat(int(descriptor.name))
        except OSError:  # that of the listing
            continue
        found.add((status.st_dev, status.st_ino))
    for line in MAPS.read_text("utf-8", "surrogateescape").splitlines():
        _, _, _, device, inode = line.split()[:5]
        if inode != "0":
            major, minor = (int(part, 16) for part in device.split(":"))
            found.add((os.makedev(major, minor), int(inode)))
    return found
