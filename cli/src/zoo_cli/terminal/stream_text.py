"""Text as it is made, on stdout."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from zoo_cli.terminal.output import echo_text

PAUSE = 0.05
"""Seconds between two writes: a person reads no faster, and a write costs more than a symbol."""


def stream(symbols: Iterable[str]) -> None:
    """Prints symbols as they come, those of a moment together; a line end follows the last."""
    waiting: list[str] = []
    written = -math.inf
    try:
        for each in symbols:
            waiting.append(each)
            if time.monotonic() - written >= PAUSE:
                echo_text("".join(waiting), nl=False)
                waiting, written = [], time.monotonic()
    finally:
        echo_text("".join(waiting))
