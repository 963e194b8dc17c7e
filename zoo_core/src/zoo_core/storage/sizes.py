"""The sizes of files and folders."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path


def size_of(path: Path | os.DirEntry[str]) -> int:
    """Returns the size of a file in bytes; 0 for a folder, and for a file that is gone."""
    try:
        status = path.stat()
    except OSError:
        return 0
    return status.st_size if stat.S_ISREG(status.st_mode) else 0


def size_below(folder: str | os.PathLike[str]) -> int:
    """Returns the size of all files below a folder in bytes; one that cannot be read counts 0."""
    size = 0
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.is_dir(follow_symlinks=False):
                size += size_below(entry)
            else:
                size += size_of(entry)
    return size
