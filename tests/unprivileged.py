"""File permissions that hold for a superuser too, for tests of what others meet."""

from __future__ import annotations

import ctypes
import sys

CAPBSET_DROP = 24
"""``PR_CAPBSET_DROP`` of Linux's prctl."""
OVERRIDES = (1, 2)
"""``CAP_DAC_OVERRIDE`` and ``CAP_DAC_READ_SEARCH``: reading and writing what permissions forbid."""
CAPABILITIES = 0x20080522
"""Version 3 of Linux's capability sets."""


def obey_permissions() -> None:
    """Makes file permissions hold for this process, and for a program that it becomes."""
    if sys.platform != "linux":
        return
    libc = ctypes.CDLL(None)
    for capability in OVERRIDES:
        libc.prctl(CAPBSET_DROP, capability, 0, 0, 0)
    header = (ctypes.c_uint32 * 2)(CAPABILITIES, 0)
    assert libc.capset(header, (ctypes.c_uint32 * 6)()) == 0
