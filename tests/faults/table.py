"""The table of faults in ``docs/faults.md``."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path
from typing import Any

from tests.faults.fault import Fault

PAGE = Path(__file__).parents[2] / "docs" / "faults.md"
GROUPS = {
    1: "Disk",
    15: "Foreign files",
    26: "Registry",
    29: "Plugins",
    36: "Data and training",
    60: "Tables",
    70: "Sweeps",
    80: "Inspection",
    90: "Reports",
    95: "Exports",
    100: "Texts and tokens",
    110: "Music",
    120: "Translation",
    140: "The page in the browser",
    150: "Serving",
    170: "Several processes",
    180: "Many machines",
    190: "The likeliest mistakes",
}
"""Each by the number of its first row."""
HEAD = """# Faults

What can go wrong, which message is printed, how the command ends, and what is on disk afterwards.
Every row is a test in `tests/faults/` that provokes the fault and expects exactly this; `…` stands
for text that varies. `uv run --group full python -m tests.faults` runs all of them and writes this
page. The [last table](#the-likeliest-mistakes) has what is mistyped most; faults of the network are
on the page of [the Hub](hub.md).
"""

TAIL = """
## Combined faults

- `uv run python -m tests.soak --minutes 10 --out docs/results/soak.json` trains, kills, resumes,
  pushes and pulls repeatedly while the Hub misbehaves. The last run: {minutes} minutes,
  {cycles} models, {kills} kills, {resumes} resumes, {faults} faults of the Hub, nothing lost;
  memory {megabytes[0]} MB at the third model and {megabytes[1]} MB at the last, {files[0]} and
  {files[1]} open files.
- `uv run --group fuzz python -m tests.fuzz --seconds 60` fuzzes every reader of foreign files:
  header, manifest, registry, references, recipes, songs, texts. The last run: 4,059,797 cases, no
  new failure. Earlier failures are kept in `tests/fuzz/cases/`.
- `tests/faults/test_crash_model.py` records the file operations of saving and of finishing a run,
  replays every prefix of them, and loads the result.
- `uv run pytest -m slow tests/hub/test_dying.py` kills a push before and after each of its
  requests; another push completes it with one commit.
"""
SOAK = Path(__file__).parents[2] / "docs" / "results" / "soak.json"


def declared() -> set[Fault]:
    """The rows that the battery's tests declare."""
    modules = sorted(path.stem for path in Path(__file__).parent.glob("test_*.py"))
    functions = [
        function
        for module in modules
        for name, function in vars(importlib.import_module(f"tests.faults.{module}")).items()
        if name.startswith("test_")
    ]
    return {row for function in functions for row in _rows(getattr(function, "pytestmark", []))}


def page(rows: Iterable[Fault]) -> str:
    """The whole page."""
    parts = [HEAD]
    for group, members in groupby(sorted(rows), key=_group):
        parts += [f"\n## {group}\n", "| | fault | message | exit code | on disk afterwards |"]
        parts += ["| --- | --- | --- | --- | --- |"]
        parts += [_line(row) for row in members]
    soak = json.loads(SOAK.read_text("utf-8"))
    return "\n".join(parts) + "\n" + TAIL.format(**soak, files=soak["open files"])


def _rows(marks: list[Any]) -> Iterator[Fault]:
    for mark in marks:
        if mark.name == "fault":
            yield mark.args[0]
        for values in mark.args[1] if mark.name == "parametrize" else ():
            yield from _rows(list(getattr(values, "marks", ())))


def _group(row: Fault) -> str:
    return GROUPS[max(first for first in GROUPS if first <= row.number)]


def _line(row: Fault) -> str:
    message = f"`{row.says}`" if row.says else ""
    cells = [str(row.number), row.what, message, str(row.code), row.left]
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
