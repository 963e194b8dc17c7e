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
    began = looked = time.monotonic()
    worked = time.process_time()

    def look(number: int, frame: FrameType | None) -> None:
        nonlocal looked, worked
        now, done = time.monotonic(), time.process_time() - worked
        stopped = now - looked > 2 * IDLE  # it, and its clock, stood still: nobody's fault
        looked, worked = now, worked + done
        if not stopped and (done < IDLE / 4 or now - began > BUSY):
            raise _Hangs

    before = signal.signal(signal.SIGALRM, look)
    others = signal.setitimer(signal.ITIMER_REAL, IDLE, IDLE)  # again: it may catch what is raised
    try:
        yield
    except _Hangs:
        waited = time.monotonic() - began
        raise PluginError(f"it hangs: given up after {waited:.0f} s") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if others[0]:  # whoever had a timer gets what is left of it
            left = max(others[0] - (time.monotonic() - began), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, others[1])
