"""Limits on the memory of this process's cgroups, as a container or a service of systemd has."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, final

OWN_CGROUPS, CGROUPS = "/proc/self/cgroup", "/sys/fs/cgroup"
"""The file that names this process's cgroups, and the folder where Linux shows all of them."""


@final
class _CgroupFiles(NamedTuple):
    """The files of a version of cgroups that tell of memory, in bytes.

    Args:
        folder: The folder of the root, below ``CGROUPS``.
        limit: What the processes of a cgroup may take together; ``max`` stands for no limit.
        used: What they take now.
        caches: The lines of ``memory.stat`` with the contents of files, which make way for others.
    """

    folder: str
    limit: str
    used: str
    caches: tuple[str, ...]


VERSION_1 = _CgroupFiles(
    "memory",
    "memory.limit_in_bytes",
    "memory.usage_in_bytes",
    ("total_active_file", "total_inactive_file"),
)
VERSION_2 = _CgroupFiles("", "memory.max", "memory.current", ("active_file", "inactive_file"))


def left_in_cgroups() -> Iterator[int]:
    """Yields what each cgroup of this process that has a limit has left of it, in bytes."""
    try:
        lines = Path(OWN_CGROUPS).read_text("utf-8").splitlines()
    except OSError:  # not Linux
        return
    for line in lines:
        _, controllers, path = line.split(":", 2)
        if controllers and "memory" not in controllers.split(","):
            continue
        files = VERSION_1 if controllers else VERSION_2
        root = Path(CGROUPS, files.folder)
        # Those around a cgroup limit it too. Inside a container, only the root may be there.
        for folder in (root / path.strip("/"), *(root / path.strip("/")).parents):
            with contextlib.suppress(OSError, ValueError):  # no such file, or no limit
                yield _left_in_cgroup(folder, files)
            if folder == root:
                break


def _left_in_cgroup(folder: Path, files: _CgroupFiles) -> int:
    """Returns what a cgroup has left of its limit, in bytes.

    Raises:
        OSError: It has no such files.
        ValueError: It has no limit.
    """
    limit, used = (int((folder / name).read_text()) for name in (files.limit, files.used))
    pairs = (line.split() for line in (folder / "memory.stat").read_text().splitlines())
    cached = sum(int(size) for name, size in pairs if name in files.caches)
    return max(limit - used + cached, 0)
