"""The rule that made the sample of zoo-series; run it to write it anew.

uv run python -m tests.plugins.series.made
"""

from __future__ import annotations

import math
import random

from zoo_core.data.tables import write_csv
from zoo_series.dataset import SALES

MONTHS = 120
FIRST_YEAR = 2014


def sales() -> bytes:
    """Returns ten years of monthly sales: a season, slow ups and downs, and noise."""
    draw = random.Random(1)
    rows, drift = [], 0.0
    for number in range(MONTHS):
        year, month = divmod(number, 12)
        drift = 0.9 * drift + draw.gauss(0, 1.5)
        season = 40 * math.sin(2 * math.pi * (month - 3) / 12) + (30 if month == 11 else 0)
        amount = 200 + season + drift + draw.gauss(0, 8)
        rows.append((f"{FIRST_YEAR + year}-{month + 1:02}", round(amount)))
    return write_csv(("month", "sales"), rows)


def main() -> None:
    """Writes the sample."""
    SALES.write_bytes(sales())


if __name__ == "__main__":
    main()
