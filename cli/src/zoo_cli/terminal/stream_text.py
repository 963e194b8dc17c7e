"""Printing of text while it is generated."""

from __future__ import annotations

import math
import time
from collections.abc import Iterable

from zoo_cli.terminal.output import echo

INTERVAL = 0.05
"""Least seconds between two writes: nobody reads faster, and a write costs more than a symbol."""


def stream(symbols: Iterable[str]) -> None:
    """Prints symbols as they come, collected for up to ``INTERVAL``, then a line end."""
    waiting: list[str] = []
    last_write = -math.inf
    try:
        for symbol in symbols:
            waiting.append(symbol)
            if time.monotonic() - last_write >= INTERVAL:
                echo("".join(waiting), nl=False)
                waiting, last_write = [], time.monotonic()
    finally:
        echo("".join(waiting))
