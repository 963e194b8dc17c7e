"""The small file of pairs that comes with the plugin; it was made for the zoo."""

from __future__ import annotations

from pathlib import Path

PAIRS = Path(__file__).parent / "pairs" / "sample.txt"
"""50 short English sentences and their French ones, a tab between them."""


def pairs_settings() -> dict[str, str]:
    """Returns the settings for the sample that comes with the plugin."""
    return {"path": str(PAIRS)}


def number_settings() -> dict[str, int]:
    """Returns the settings for few numbers, for the conformance checks."""
    return {"largest": 200}


def sums_settings() -> dict[str, int]:
    """Returns the settings for few sums, for the conformance checks."""
    return {"examples": 200}
