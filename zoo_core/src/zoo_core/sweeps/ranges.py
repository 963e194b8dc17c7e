"""Ranges of settings, and values drawn from them: ``log:1e-4..1e-1``, ``int:64..512``.

The rule of the draws: draw ``i`` of the setting ``key`` is the fraction ``u`` that the first eight
bytes of SHA-256 of ``zoo-sweep/key/i`` give. A range maps ``u`` to a value, a list to an entry. So
draws are the same on every machine, more draws continue the earlier ones, and a setting's draws do
not depend on the other settings.
"""

from __future__ import annotations

import hashlib
import math
import re
from typing import NamedTuple, final

from zoo_core.errors import ConfigError

KINDS = ("log", "int", "float")
EXPECTED = "a range such as log:1e-4..1e-1, int:64..512 or float:0..0.5"
DIGITS = 4
"""Significant digits of a drawn number, so that the names of runs stay short."""
_RANGE = re.compile(r"(?P<kind>[a-z]+):(?P<low>[^:]+?)\.\.(?P<high>[^:]+)")


@final
class Range(NamedTuple):
    """The values from ``low`` to ``high``, both included.

    Args:
        kind: ``log`` for numbers whose logarithm is uniform, ``int`` for uniform integers,
            ``float`` for uniform numbers.
        low: The smallest value.
        high: The largest value.
    """

    kind: str
    low: float
    high: float

    def value(self, fraction: float) -> float:
        """Returns the value at a fraction of the range.

        Args:
            fraction: From 0 to below 1.
        """
        if self.kind == "int":
            return int(self.low) + math.floor(fraction * (int(self.high) - int(self.low) + 1))
        if self.kind == "log":
            value = self.low * (self.high / self.low) ** fraction
        else:
            value = self.low + fraction * (self.high - self.low)
        return min(max(float(f"{value:.{DIGITS}g}"), self.low), self.high)


def is_range(text: str) -> bool:
    """Whether a text looks like a range, well-formed or not."""
    return text.partition(":")[0] in KINDS and ".." in text


def parse_range(text: str, label: str = "") -> Range:
    """Returns the range that a text means.

    Args:
        text: Such as ``log:1e-4..1e-1``.
        label: What errors name before the text, such as a flag.

    Raises:
        ConfigError: It is not well-formed, or its bounds are not numbers in ascending order.
    """
    match = _RANGE.fullmatch(text)
    start = f"{label} = " if label else ""
    if not match or match["kind"] not in KINDS:
        raise ConfigError(f"{start}{text!r:.80}: expected {EXPECTED}")
    kind = match["kind"]
    try:
        low, high = (
            (float(int(bound)) if kind == "int" else float(bound))
            for bound in (match["low"], match["high"])
        )
    except (ValueError, OverflowError):
        noun = "integers" if kind == "int" else "numbers"
        raise ConfigError(f"{start}{text!r:.80}: the bounds must be {noun}") from None
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise ConfigError(f"{start}{text!r:.80}: the first bound must be below the second")
    if kind == "log" and low <= 0:
        raise ConfigError(f"{start}{text!r:.80}: the bounds of log must be above 0")
    return Range(kind, low, high)


def fraction(key: str, index: int) -> float:
    """Returns the fraction of a draw, at least 0 and below 1.

    Args:
        key: The setting, such as ``trainer.learning_rate``.
        index: The number of the draw, from 0.
    """
    digest = hashlib.sha256(f"zoo-sweep/{key}/{index}".encode()).digest()
    return (int.from_bytes(digest[:8], "big") >> 11) / 2**53
