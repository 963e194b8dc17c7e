"""Free memory and disk space, and errors of allocations that fail."""

from __future__ import annotations

import contextlib
import math
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING

from zoo_core.errors import DeviceError

if TYPE_CHECKING:  # this module is imported on the way to every command
    from pathlib import Path

UNITS = ("B", "kB", "MB", "GB", "TB", "PB", "EB")
OUT_OF_MEMORY = ("allocate memory", "out of memory", "size calculation overflowed")
"""Words in the messages of torch's allocators, most of which raise a plain RuntimeError."""


def format_bytes(size: float) -> str:
    """Returns a size with a decimal unit, such as ``1.67 kB``."""
    rounded = float(f"{max(size, 1):.3g}")  # 999,999 bytes are 1 MB in three digits
    unit = min(int(math.log10(rounded) / 3), len(UNITS) - 1)
    return f"{size / 1000**unit:.3g} {UNITS[unit]}"


def free_memory() -> int:
    """Returns the memory that this process can still take, in bytes.

    That is what the machine has free, at most what the cgroups of this process, such as a
    container, have left of their limits.
    """
    import psutil

    from zoo_core.storage.cgroups import left_in_cgroups

    free: int = psutil.virtual_memory().available
    return min((free, *left_in_cgroups()))


def free_disk(path: Path) -> int:
    """Returns the free bytes of the disk where a path lies or would lie."""
    import shutil
    from pathlib import Path

    from zoo_core.storage.locations import nearest_existing

    return shutil.disk_usage(nearest_existing(Path(os.path.realpath(path)))).free


def ensure_free_memory(size: int, name: str, remedy: str) -> None:
    """Raises an error if something is larger than the free memory.

    A system that promises more memory than it has kills the process where it is used, so a failed
    allocation is no test.

    Args:
        size: The bytes that it takes.
        name: What it is, for the message.
        remedy: What to do, for the message.

    Raises:
        DeviceError: It is larger.
    """
    free = free_memory()
    if size > free:
        raise DeviceError(
            f"{name} would take {format_bytes(size)} of memory, {format_bytes(free)} are free; "
            f"{remedy}"
        )


@contextlib.contextmanager
def memory_errors(remedy: str) -> Iterator[None]:
    """Turns an allocation that fails into one line.

    Args:
        remedy: What to do, for the message.

    Raises:
        DeviceError: Memory ran out inside.
    """
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        message = str(error).lower()
        if isinstance(error, RuntimeError) and not any(words in message for words in OUT_OF_MEMORY):
            raise
        free = format_bytes(free_memory())
        raise DeviceError(f"memory is exhausted, {free} of it were free; {remedy}") from error
