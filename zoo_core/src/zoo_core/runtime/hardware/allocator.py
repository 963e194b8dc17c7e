"""Memory that every step of training asks for again."""

from __future__ import annotations

import ctypes
import os

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3
"""As glibc's ``malloc.h`` numbers them."""
NEVER, LARGE = -1, (1 << 30, 1 << 25)
"""The heap never shrinks; blocks of up to so many bytes lie in it. Before 2.35 glibc takes no more
than 32 MB."""
OWN_CHOICE = ("MALLOC_TRIM_THRESHOLD_", "MALLOC_MMAP_THRESHOLD_")
TUNABLES = "GLIBC_TUNABLES"


def keep_freed_memory() -> bool:
    """Has the C library keep what this process frees, and says whether it does.

    A step needs the blocks of megabytes that the step before it freed. glibc gives some of them
    back each time to the system, which clears them anew, page by page.

    It is for a process that trains and ends, as a command does: until then it holds the most
    memory that it ever needed. Who has told glibc otherwise by its environment variables is
    obeyed; other C libraries are left alone.
    """
    tuned = "glibc.malloc." in os.environ.get(TUNABLES, "")
    if tuned or any(name in os.environ for name in OWN_CHOICE):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # musl has none; Windows no such library
        return False
    # never the second without the first: every larger block would be the system's each time
    return any(mallopt(MMAP_THRESHOLD, each) for each in LARGE) and bool(
        mallopt(TRIM_THRESHOLD, NEVER)
    )
