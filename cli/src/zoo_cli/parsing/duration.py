"""Durations on the command line."""

from __future__ import annotations

import re
from typing import Any, final

import click

MAX_SECONDS = 1e9
"""The longest duration, 31 years."""
SECONDS = {"": 1, "s": 1, "m": 60, "h": 3600}


@final
class Duration(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on only
    """A duration such as ``60s``, ``2m`` or ``1.5h``; a plain number is in seconds."""

    name = "duration"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Returns the duration in seconds, greater than 0 and at most ``MAX_SECONDS``."""
        if isinstance(value, float):
            return value
        match = re.fullmatch(r"(\d+(?:\.\d+)?)([smh]?)", str(value))
        if not match or float(match[1]) == 0:
            self.fail(f"{value!r} is not a duration: write 60s, 2m or 1h", param, ctx)
        seconds = float(match[1]) * SECONDS[match[2]]
        if seconds > MAX_SECONDS:
            self.fail(f"{str(value)!r:.40} is longer than {MAX_SECONDS:.0f} seconds", param, ctx)
        return seconds
