"""Signals from outside: Ctrl+C, SIGTERM, SIGHUP."""

from __future__ import annotations

import contextlib
import os
import signal
import sys
from collections.abc import Callable, Iterator
from types import FrameType
from typing import final

from zoo_core.errors import Interrupted

SIGNALS = [
    getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)
]
Handler = Callable[[int, FrameType | None], None]


def stop_on_signals() -> contextlib.AbstractContextManager[None]:
    """Inside, each signal raises ``Interrupted``, so that it is told from what a plugin raises."""

    def stop(number: int, frame: FrameType | None) -> None:
        raise Interrupted(number)

    return _handling(stop)


@final
class Patience:
    """Inside, the first signal is only noted, so that a step can be finished and saved.

    A second one leaves at once: what is on disk is whole at any instant. Until ``begin`` is
    called there is nothing to save, and the first one raises ``Interrupted``.
    """

    def __init__(self) -> None:
        self.signal: int | None = None
        self._begun = False

    def begin(self) -> None:
        """From now on there is something to save."""
        self._begun = True

    def __enter__(self) -> Patience:
        self._handlers = _handling(self._note)
        self._handlers.__enter__()
        return self

    def __exit__(self, *exception: object) -> None:
        self._handlers.__exit__(None, None, None)

    def _note(self, number: int, frame: FrameType | None) -> None:
        if not self._begun:
            raise Interrupted(number)
        if self.signal is not None:
            _tell("left at once; the last saved state is whole")
            os._exit(128 + number)
        self.signal = number
        _tell("finishing the step and saving; once more to leave at once")


def _tell(remark: str) -> None:
    """Says it where there is still a terminal; the signal may say that it is gone."""
    line = f"\n{remark}\n"
    with contextlib.suppress(OSError):
        try:
            sys.stderr.write(line)
            sys.stderr.flush()
        except RuntimeError:  # the signal came while something else was being written
            os.write(2, line.encode())


@contextlib.contextmanager
def _handling(handler: Handler) -> Iterator[None]:
    before = {number: signal.signal(number, handler) for number in SIGNALS}
    try:
        yield
    finally:
        for number, old in before.items():
            signal.signal(number, old)
