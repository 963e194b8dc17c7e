"""Settings of the C library's memory allocator for training."""

from __future__ import annotations

import ctypes
import os

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""Parameters of ``mallopt``, numbered as in glibc's ``malloc.h``."""
NEVER = -1
"""As trim threshold: the heap never shrinks."""
MAX_HEAP_BLOCKS = (1 << 30, 1 << 25)
"""Bytes up to which a block lies in the heap, largest first; glibc before 2.35 accepts at most the
second."""
USER_SETTINGS = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")
TUNABLES = "GLIBC_TUNABLES"


def keep_freed_memory() -> bool:
    """Makes glibc keep the memory that this process frees, and returns whether it does.

    A training step allocates the large blocks that the step before it freed. By default glibc
    returns some of them to the system, which has to clear them again page by page.

    Call this in a process that trains and then ends, such as a command: until its end the process
    holds the most memory that it ever needed. Environment variables that configure glibc take
    precedence, and other C libraries are left alone.
    """
    tuned = "glibc.malloc." in os.environ.get(TUNABLES, "")
    if tuned or any(name in os.environ for name in USER_SETTINGS):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl has no mallopt; Windows no such library
        return False
    # Setting one threshold switches off glibc's dynamic adjustment of both. With the trim
    # threshold alone, every larger block would be mapped and unmapped anew.
    if not any(mallopt(MMAP_THRESHOLD, size) for size in MAX_HEAP_BLOCKS):
        return False
    return bool(mallopt(TRIM_THRESHOLD, NEVER))
