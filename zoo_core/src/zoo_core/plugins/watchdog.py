"""A time limit for plugins that hang, where the platform can interrupt them."""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from collections.abc import Iterator
from types import FrameType

from zoo_core.errors import PluginError

IDLE_LIMIT = 2.0
"""Seconds for which a plugin may do nothing."""
IDLE_SHARE = 0.025
"""Share of a core below which a plugin does nothing.

One that works among ten others on each core still has a tenth of it.
"""
BUSY_LIMIT = 20.0
"""Seconds of a core that a plugin may take: a cold import of a large library needs several."""
WAITS_PER_WORK = 5
"""How many times as long it may take where other programs use the cores."""


class _Hangs(BaseException):
    """Raised inside a plugin that hangs, past the plugin's own ``except Exception``."""


@contextlib.contextmanager
def time_limit() -> Iterator[None]:
    """Interrupts the code inside if it does nothing for two seconds or does not end.

    This works only in the main thread, and only where there are interval timers: not on Windows.

    Raises:
        PluginError: The code inside hangs.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or not hasattr(signal, "setitimer"):
        yield
        return
    start = last_look = time.monotonic()
    first_cpu_seconds = cpu_seconds = time.process_time()

    def look(number: int, frame: FrameType | None) -> None:
        nonlocal last_look, cpu_seconds
        now, worked = time.monotonic(), time.process_time() - cpu_seconds
        was_suspended = now - last_look > 2 * IDLE_LIMIT  # the timer stood still too
        last_look, cpu_seconds = now, cpu_seconds + worked
        is_idle = worked < IDLE_LIMIT * IDLE_SHARE
        is_late = now - start > BUSY_LIMIT * WAITS_PER_WORK
        if not was_suspended and (
            is_idle or is_late or cpu_seconds - first_cpu_seconds > BUSY_LIMIT
        ):
            raise _Hangs

    old_handler = signal.signal(signal.SIGALRM, look)
    # The timer repeats, because the plugin may catch what the first look raises.
    old_timer = signal.setitimer(signal.ITIMER_REAL, IDLE_LIMIT, IDLE_LIMIT)
    try:
        yield
    except _Hangs:
        waited = time.monotonic() - start
        raise PluginError(f"it hangs: given up after {waited:.0f} s") from None
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, old_handler)
        remaining, interval = old_timer
        if remaining:  # another timer was set before; its remaining time runs on
            left = max(remaining - (time.monotonic() - start), 0.001)
            signal.setitimer(signal.ITIMER_REAL, left, interval)
