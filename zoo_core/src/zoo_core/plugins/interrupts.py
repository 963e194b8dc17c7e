"""Ctrl+C while a plugin's code runs, as opposed to a KeyboardInterrupt that the plugin raises."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

from zoo_core.errors import Interrupted


@contextlib.contextmanager
def real_interrupts() -> Iterator[None]:
    """Raises Interrupted for Ctrl+C inside, where Python would raise KeyboardInterrupt.

    A program with a handler of its own, as the command line has, keeps it.
    """
    in_main_thread = threading.current_thread() is threading.main_thread()
    if not in_main_thread or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, _interrupt)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is _interrupt:  # not one that the plugin has set
            signal.signal(signal.SIGINT, signal.default_int_handler)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise Interrupted(number)
