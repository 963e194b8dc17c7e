"""The tables of ``what-each-network-can-do.md``, of what ``zoo compare --matrix`` wrote."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "networks" / "comparison.json"
NEGATIVE, POSITIVE = "deltanet negative_eigenvalues", "deltanet"
NAMES = {NEGATIVE: "deltanet, eigenvalues in [-1, 1]", POSITIVE: "deltanet, eigenvalues in [0, 1]"}


def networks_table(rows: Sequence[str] = (), columns: Sequence[str] = ()) -> str:
    """Returns some rows and columns of the matrix, validation above test in each cell.

    Args:
        rows: The networks; all of them if none is named.
        columns: The tasks; likewise.
    """
    matrix: dict[str, Any] = json.loads(RESULTS.read_bytes())
    cells = {(cell["row"], cell["column"]): cell for cell in matrix["cells"]}
    chosen = columns or matrix["columns"]
    lines = [["network", *(f"`{name}`" for name in chosen)], ["---", *["---:"] * len(chosen)]]
    for row in rows or matrix["rows"]:
        values = [
            "<br>".join(_spread(cells.get((row, column), {}), split) for split in matrix["splits"])
            for column in chosen
        ]
        lines.append([NAMES.get(row, f"`{row}`"), *values])
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def seeds() -> str:
    """Returns how many seeds the cells have, as ``3`` or ``2 to 3``."""
    counts = sorted({len(cell["seeds"]) for cell in json.loads(RESULTS.read_bytes())["cells"]})
    return f"{counts[0]}" if len(counts) == 1 else f"{counts[0]} to {counts[-1]}"


def _spread(cell: dict[str, Any], split: str) -> str:
    if not cell:
        return "–"
    spread = cell[split]
    if spread["deviation"] is None:
        return f"{spread['mean']:.2f}"
    return f"{spread['mean']:.2f} ± {spread['deviation']:.2f}"
