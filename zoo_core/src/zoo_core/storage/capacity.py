"""Space: what is left of memory and disk, and what is said when there is not enough."""

from __future__ import annotations

import contextlib
import math
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from zoo_core.errors import DeviceError

MEMINFO, CGROUP = Path("/proc/meminfo"), Path("/sys/fs/cgroup/memory.max")
UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
EXHAUSTED = ("allocate memory", "out of memory")
"""What torch's allocators say when there is no more, most of them in a plain RuntimeError."""


def format_bytes(size: float) -> str:
    """A size in the decimal unit that suits it."""
    unit = min(int(math.log10(max(size, 1)) / 3), len(UNITS) - 1)
    return f"{size / 1000**unit:.3g} {UNITS[unit]}"


def free_memory() -> float:
    """Bytes of memory that are free; infinite where the platform does not say."""
    bounds = [math.inf]
    with contextlib.suppress(OSError, ValueError):
        lines = dict(line.split(":", 1) for line in MEMINFO.read_text("ascii").splitlines())
        bounds.append(int(lines["MemAvailable"].split()[0]) * 1024)
    with contextlib.suppress(OSError, ValueError):  # "max" is no number
        bounds.append(int(CGROUP.read_text("ascii")))
    if len(bounds) == 1 and hasattr(os, "sysconf"):
        bounds.append(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))
    return min(bounds)


def free_disk(path: Path) -> int:
    """Bytes that are free where a path lies or would lie."""
    return shutil.disk_usage(existing(path)).free


def existing(path: Path) -> Path:
    """The nearest of a path and its parents that is there."""
    return next(each for each in (path, *path.absolute().parents) if each.exists())


@contextlib.contextmanager
def memory_errors(remedy: str) -> Iterator[None]:
    """Turns an allocation that failed into one line.

    Args:
        remedy: What to do.

    Raises:
        DeviceError: Memory ran out inside.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        said = str(error).lower()
        if isinstance(error, RuntimeError) and not any(each in said for each in EXHAUSTED):
            raise
        free = format_bytes(free_memory())
        raise DeviceError(f"memory is exhausted, {free} of it were free; {remedy}") from error
