"""Sending the files of a run folder from one machine to another, each with its sha256.

The files are received into a folder beside that of the run and moved into place when all are there.
Those that make the folder a run come last, so that a process that dies leaves a run that resumes.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import secrets
import shutil
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import BinaryIO, final

from zoo_core.errors import IntegrityError
from zoo_core.run_folder.lock import lock_run_folder
from zoo_core.run_folder.manifest import MANIFEST
from zoo_core.run_folder.ownership import CURRENT, HOLDER, LOCK, MARKER, STATE
from zoo_core.storage.atomic import TEMPORARY, make_folder, rename, sync_folder, target_errors
from zoo_core.storage.hashes import sha256
from zoo_ray.parcels import Parcel

CHUNK = 4 << 20
"""Bytes of a file in one parcel."""
LOCAL = {f"{STATE}/{LOCK}", f"{STATE}/{HOLDER}"}
"""Files that belong to the process that trains."""


def run_files(folder: Path) -> list[str]:
    """Returns the files of a run folder relative to it, in the order in which to put them there."""
    if not folder.is_dir():
        return []
    names = [
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if path.is_file() and not TEMPORARY.fullmatch(path.name)
    ]
    return sorted(set(names) - LOCAL, key=_place)


def _place(name: str) -> tuple[int, str]:
    """Returns what puts the marker first, then states, and last the files that name them."""
    order = {f"{STATE}/{MARKER}": 0, f"{STATE}/{CURRENT}": 2, MANIFEST: 4}
    return order.get(name, 1 if name.startswith(f"{STATE}/") else 3), name


def send_run(folder: Path) -> Iterator[Parcel]:
    """Yields the files of a run folder in parcels of at most ``CHUNK`` bytes of payload."""
    for name in run_files(folder):
        path = folder / name
        digest, left = sha256(path), path.stat().st_size
        with path.open("rb") as file:
            while True:
                data = file.read(CHUNK)
                left -= len(data)
                values = {"name": name, "sha256": digest, "is_last": left <= 0}
                yield Parcel("file", values, data)
                if left <= 0:
                    break


@final
class RunReceiver:
    """Receives a run folder.

    Args:
        folder: Where it goes; the run that it holds is replaced.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder.with_name(f".{folder.name}.{secrets.token_hex(4)}.tmp")
        self._names: list[str] = []
        self._file: BinaryIO | None = None
        self._digest = hashlib.sha256()

    def add(self, parcel: Parcel) -> None:
        """Takes a part of a file.

        Raises:
            IntegrityError: A file has another hash than where it was sent, or no place in the
                folder.
            TargetError: It cannot be written.
        """
        name = str(parcel.values["name"])
        pure = PurePosixPath(name)
        if pure.is_absolute() or ".." in pure.parts:
            raise IntegrityError(f"a worker sent {name!r}, which is no file of a run")
        path = self._incoming / name
        with target_errors(path, len(parcel.payload)):
            if self._file is None:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._file, self._digest = path.open("wb"), hashlib.sha256()
            self._file.write(parcel.payload)
            self._digest.update(parcel.payload)
            if not parcel.values["is_last"]:
                return
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._file = None
        if self._digest.hexdigest() != parcel.values["sha256"]:
            raise IntegrityError(
                f"{self._folder / name} has sha256 {self._digest.hexdigest()}, on its worker "
                f"{parcel.values['sha256']}"
            )
        self._names.append(name)

    def finish(self) -> None:
        """Moves the files into place.

        Raises:
            TargetError: The folder is in use, holds other files, or cannot be written to.
        """
        if not self._names:
            return
        with lock_run_folder(self._folder), target_errors(self._folder):
            (self._folder / MANIFEST).unlink(missing_ok=True)
            for name in self._names:
                target = self._folder / name
                make_folder(target.parent)
                rename(self._incoming / name, target)
                sync_folder(target.parent)
            for name in set(run_files(self._folder)) - set(self._names):
                (self._folder / name).unlink(missing_ok=True)
            for path in (self._folder / STATE).iterdir():
                with contextlib.suppress(OSError):  # it is no folder, or is not empty
                    path.rmdir()
        self.discard()

    def discard(self) -> None:
        """Removes what has not been moved."""
        if self._file:
            self._file.close()
            self._file = None
        shutil.rmtree(self._incoming, ignore_errors=True)
