"""Handling of Ctrl+C, SIGTERM and SIGHUP, and of Ctrl+Break on Windows."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import final

from zoo_core.errors import Interrupted

NAMES = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""SIGBREAK is Ctrl+Break of Windows, and the end of its console."""
SIGNALS = [getattr(signal, name) for name in NAMES if hasattr(signal, name)]
STOPPING = "finishing the step and saving; repeat the signal to stop at once"
Handler = Callable[[int, FrameType | None], None]


@final
class StopOnSignals:
    """Raises ``Interrupted`` for a signal that arrives inside the context.

    The error is our own, so that a signal is distinguished from a ``KeyboardInterrupt`` that a
    plugin raises. The number of the signal is in ``signal`` too, because the code that is
    interrupted may raise another error in its place, as libraries in C do when they are imported.
    """

    def __init__(self) -> None:
        self.signal: int | None = None

    def __enter__(self) -> None:
        self._hook = sys.unraisablehook
        sys.unraisablehook = self._leave_if_interrupted
        self._handlers = handle_signals(self._stop)
        self._handlers.__enter__()

    def __exit__(self, *exception: object) -> None:
        self._handlers.__exit__(None, None, None)
        sys.unraisablehook = self._hook

    def _stop(self, number: int, frame: FrameType | None) -> None:
        self.signal = number
        raise Interrupted(number)

    def _leave_if_interrupted(self, unraisable: sys.UnraisableHookArgs) -> None:
        """Ends the process where Python cannot raise, as in callbacks of the garbage collector.

        Python would print the error and run on, as if there had been no signal.
        """
        if isinstance(unraisable.exc_value, Interrupted):
            os._exit(128 + unraisable.exc_value.signal)
        self._hook(unraisable)


@final
class GracefulInterrupt:
    """Lets a run finish its step and save before it stops.

    Until ``enable`` is called inside the context there is nothing to save, and a signal does what
    it did before. From then on the first signal is only recorded in ``signal``. A second one leaves
    the process at once, which is safe because what is on disk is complete at any instant.

    Args:
        announces: Whether the first signal is answered with a message at once. A command that draws
            a table prints ``STOPPING`` itself.
    """

    def __init__(self, *, announces: bool = True) -> None:
        self.signal: int | None = None
        self.announces = announces
        self._handlers = contextlib.ExitStack()
        self._enabled = False

    def enable(self) -> None:
        """Starts to record signals; a second call changes nothing.

        Raises:
            Interrupted: A signal came before, and its error was lost, because code that it
                interrupted, such as an import, has caught every error.
        """
        if not self._enabled:
            self._enabled = True
            before = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
            if isinstance(before, StopOnSignals) and before.signal is not None:
                raise Interrupted(before.signal)
            self._handlers.enter_context(handle_signals(self._record))

    def __enter__(self) -> GracefulInterrupt:
        return self

    def __exit__(self, *exception: object) -> None:
        self._handlers.close()

    def _record(self, number: int, frame: FrameType | None) -> None:
        if self.signal is not None:
            _print_from_handler("stopped; the last saved state is intact")
            os._exit(128 + number)
        self.signal = number
        if self.announces:
            _print_from_handler(STOPPING)


def _print_from_handler(message: str) -> None:
    """Prints a message on stderr; the terminal may be closed, as it is at SIGHUP."""
    line = f"\n{message}\n"
    with contextlib.suppress(OSError):
        try:
            sys.stderr.write(line)
            sys.stderr.flush()
        except RuntimeError:  # the signal interrupted another write to the same buffer
            os.write(2, line.encode())


@contextlib.contextmanager
def handle_signals(handler: Handler) -> Iterator[None]:
    """Calls a handler at each of ``SIGNALS`` inside the context.

    A SIGHUP that is ignored stays so: ``nohup`` starts a command that runs on after a logout.
    """
    handled = [number for number in SIGNALS if not _is_hangup_ignored(number)]
    previous = {number: signal.signal(number, handler) for number in handled}
    try:
        yield
    finally:
        for number, previous_handler in previous.items():
            signal.signal(number, previous_handler)


def _is_hangup_ignored(number: int) -> bool:
    is_hangup = signal.Signals(number).name == "SIGHUP"
    return is_hangup and signal.getsignal(number) == signal.SIG_IGN
