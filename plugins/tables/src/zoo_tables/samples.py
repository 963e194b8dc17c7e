"""The small tables that come with the plugin; each was made by a rule, none is from elsewhere."""

from __future__ import annotations

from pathlib import Path

REQUESTS = Path(__file__).parent / "tables" / "requests.csv"
"""640 short messages to a shop: text, and question, order, complaint or thanks as label."""
DATES = Path(__file__).parent / "tables" / "dates.csv"
"""1,500 dates: in words as source, and as year-month-day as target."""


def memory_settings() -> dict[str, bool]:
    """Returns the settings of data from Python that need no program."""
    return {"sample": True}
