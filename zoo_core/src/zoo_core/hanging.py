"""Giving up on a plugin that hangs, where the platform can interrupt it."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

from zoo_core.errors import PluginError

IDLE = 2.0
"""Seconds in which a plugin may do nothing."""
BUSY = 20.0
"""Seconds that it may take if it works: a cold import of a large library takes several."""


class _Hangs(BaseException):
    """Passes a plugin's own ``except Exception``."""


@contextlib.contextmanager
def giving_up() -> Iterator[None]:
    """Inside, what does nothing for two seconds, or never ends, is interrupted.

    Only in the main thread, and only where there are interval timers: not on Windows.

    Raises:
        PluginError: It hangs.
    """
    main = threading.current_thread() is threading.main_thread()
    if not main or not hasattr(signal, "setitimer"):
        yield
        return
    began, worked = time.monotonic(), time.process_time()

    def look(number: int, frame: FrameType | None) -> None:
        nonlocal worked
        done = time.process_time() - worked
        if done < IDLE / 4 or time.monotonic() - began > BUSY:
            raise _Hangs
        worked += done
        signal.setitimer(signal.ITIMER_REAL, IDLE)

    before = signal.signal(signal.SIGALRM, look)
    signal.setitimer(signal.ITIMER_REAL, IDLE)
    try:
        yield
    except _Hangs:
        waited = time.monotonic() - began
        raise PluginError(f"it hangs: given up after {waited:.0f} s") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
