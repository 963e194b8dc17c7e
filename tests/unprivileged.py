"""What a person without privileges meets, for tests that a superuser runs too."""

from __future__ import annotations

import ctypes
import sys

DROP = 24
"""PR_CAPBSET_DROP of Linux's prctl."""
OVERRIDES = (1, 2)
"""CAP_DAC_OVERRIDE and CAP_DAC_READ_SEARCH: to read and write what permissions forbid."""


def obey_permissions() -> None:
    """In a process that is about to become another program: file permissions hold for it."""
    if sys.platform == "linux":
        for capability in OVERRIDES:
            ctypes.CDLL(None).prctl(DROP, capability, 0, 0, 0)
