"""The tables of ``scale.md``, of what ``python -m benchmarks.scale`` measured."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results" / "scale.json"
GIGABITS = (1, 10, 100, 400)
"""Bandwidths between two machines, in Gbit/s."""
PROCESSES = 8
BYTES = 4
"""Bytes of a gradient in single precision."""


def exchange_table() -> str:
    """Returns the time of the gradient exchange beside that of a step, by size and bandwidth."""
    part = _part("steps")
    columns = [f"{gigabits} Gbit/s" for gigabits in GIGABITS]
    rows = [
        [
            f"{row['hidden_size']}",
            f"{row['parameters'] / 1e6:,.1f}",
            f"{row['milliseconds']:,.0f}",
            *(_exchange(row, gigabits) for gigabits in GIGABITS),
        ]
        for row in part["rows"]
    ]
    return _table(["hidden size", "parameters (million)", "step (ms)", *columns], rows, part)


def _exchange(row: dict[str, Any], gigabits: int) -> str:
    """Returns milliseconds of an exchange around a ring, and its share of a step with it."""
    bits = 8 * BYTES * row["parameters"] * 2 * (PROCESSES - 1) / PROCESSES
    milliseconds = bits / gigabits / 1e6
    share = milliseconds / (milliseconds + row["milliseconds"])
    return f"{milliseconds:,.1f} ms, {share:.0%}"


def sweeps_table() -> str:
    """Returns the runs per minute of each engine."""
    part = _part("sweeps")
    rows = [
        [row["engine"], f"{row['runs_per_minute']:,.0f}", f"{row['first_run']:.1f}"]
        for row in part["rows"]
    ]
    return _table(["engine", "runs per minute", "first run after (s)"], rows, part)


def registries_table() -> str:
    """Returns the seconds of commands by the number of entries of a registry."""
    part = _part("registries")
    commands = ("list", "list checkpoints", "show", "registry verify")
    rows = [
        [
            f"{row['entries']:,} ({row['source']})",
            f"{row['megabytes']:,.1f}",
            *(f"{row[command]:.1f}" for command in commands),
        ]
        for row in part["rows"]
    ]
    header = ["entries", "registry.toml (MB)", *(f"`zoo {command}` (s)" for command in commands)]
    return _table(header, rows, part)


def _part(name: str) -> dict[str, Any]:
    part: dict[str, Any] = json.loads(RESULTS.read_bytes())[name]
    return part


def _table(header: list[str], rows: list[list[str]], part: dict[str, Any]) -> str:
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"{table}\n\n{'; '.join(_conditions(part))}."


def _conditions(part: dict[str, Any]) -> Iterator[str]:
    """Yields where and when a part was measured."""
    yield f"{'A first look' if part['quick'] else 'Measured'} on {part['date'][:10]}"
    yield from (str(value) for value in part["machine"].values())
