"""Lines that show the progress of a run where there is no terminal."""

from __future__ import annotations

import time
from typing import final

from zoo_core.runtime.training.events import EpochEnded, Evaluated, Event, Stepped

LINE_INTERVAL = 30.0
"""Seconds from one line to the next."""


@final
class ProgressLines:
    """Says how far a run is, at most once in ``LINE_INTERVAL``."""

    def __init__(self) -> None:
        self._last = time.monotonic()

    def restart(self, now: float) -> None:
        """Waits a whole interval from now on, as ``time.monotonic`` tells it."""
        self._last = now

    def line(self, event: Event) -> str:
        """Returns a line about an event; empty if it is too early for one."""
        now = time.monotonic()
        if now - self._last < LINE_INTERVAL:
            return ""
        text = _describe(event)
        if text:
            self._last = now
        return text


def _describe(event: Event) -> str:
    match event:
        case Stepped():
            speed = event.tokens / event.seconds if event.seconds else 0.0
            position = f"epoch {event.epoch}, batch {event.batch:,} of {event.batches:,}"
            return f"{position}: loss {event.loss:.4g}, {speed:,.0f} tokens/s"
        case Evaluated():
            return f"evaluating {event.split}, batch {event.batch:,} of {event.batches:,}"
        case EpochEnded():
            losses = [
                f"{split} loss {values['loss']:.4g}" for split, values in event.metrics.items()
            ]
            return f"epoch {event.epoch} of {event.epochs}: {', '.join(losses)}"
    return ""
