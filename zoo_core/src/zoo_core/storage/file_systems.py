"""Which file system a folder is on, and whether other machines see the locks in it.

A lock on a folder of several machines keeps two of them from training into it only if the file
system passes it on. Some never do, and some do unless they are mounted otherwise. Linux tells the
type and the options of every mount in ``/proc/self/mountinfo``; elsewhere nothing is refused.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import NamedTuple, final

from zoo_core.errors import TargetError

MOUNTS = Path("/proc/self/mountinfo")
NO_SHARED_LOCKS = {
    "fuse.sshfs",
    "fuse.s3fs",
    "fuse.gcsfuse",
    "fuse.rclone",
    "fuse.goofys",
    "fuse.mountpoint-s3",
    "fuse.blobfuse",
    "fuse.blobfuse2",
}
"""Types on which a machine sees its own locks alone."""
LOCAL_OPTIONS = {
    "nfs": {"nolock", "local_lock=all", "local_lock=flock"},
    "nfs4": {"nolock", "local_lock=all", "local_lock=flock"},
    "cifs": {"nobrl"},
    "smb3": {"nobrl"},
    "lustre": {"localflock", "noflock"},
}
"""Options with which a file system of several machines keeps locks on each of them."""


@final
class FileSystem(NamedTuple):
    """A mounted file system.

    Args:
        kind: Its type, such as ``ext4`` or ``nfs4``.
        options: The options that it is mounted with.
    """

    kind: str
    options: frozenset[str]


def file_system_of(path: Path, mounts: Path | None = None) -> FileSystem | None:
    """Returns the file system that a path is on, or would be; None where the system does not tell.

    Args:
        path: The path, which need not exist.
        mounts: The file that lists the mounts; by default ``MOUNTS``.
    """
    try:
        lines = (mounts or MOUNTS).read_text("utf-8", "surrogateescape").splitlines()
    except OSError:
        return None
    place = os.path.realpath(path)
    found: FileSystem | None = None
    longest = 0
    for line in lines:
        left, _, right = line.partition(" - ")
        fields, source = left.split(" "), right.split(" ")
        if len(fields) < 6 or len(source) < 3:
            continue
        mount = _unescape(fields[4])
        # a later mount at the same place hides the earlier one
        if len(mount) >= longest and _is_below(place, mount):
            options = frozenset([*fields[5].split(","), *source[2].split(",")])
            found, longest = FileSystem(source[0], options), len(mount)
    return found


def _is_below(place: str, mount: str) -> bool:
    return place == mount or place.startswith(mount.rstrip("/") + "/")


def _unescape(text: str) -> str:
    r"""Returns a path in which the kernel wrote blanks and the like as ``\040``."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)


def check_locks(folder: Path) -> None:
    """Checks that other machines see the locks in a folder, where others have the folder too.

    Raises:
        TargetError: They do not.
    """
    system = file_system_of(folder)
    if system is None:
        return
    local = sorted(LOCAL_OPTIONS.get(system.kind, set()) & system.options)
    if local:
        how = f"mounted with {local[0]}"
    elif system.kind in NO_SHARED_LOCKS:
        how = "which has no locks between machines"
    else:
        return
    raise TargetError(
        f"{folder} is on {system.kind}, {how}: two machines could write to it at once; choose a "
        "folder on a local disk"
    )
