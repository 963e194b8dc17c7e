"""``docs/compare-two-cells.md`` prints what it shows, and explains every column."""

from __future__ import annotations

import ast
import os
import re
import shlex
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from tests.docs.compare_page import PAGE
from tests.docs.session import blocks, commands
from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_core.comparisons.formats import COLUMNS

TEXT = PAGE.read_text("utf-8")


@pytest.mark.slow
def test_every_command_prints_what_the_page_shows(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0}, raising=False)
    for module in ("comparisons.contest", "sweeps.sweep"):
        monkeypatch.setattr(f"zoo_core.runtime.{module}.LocalEngine", InProcessEngine)
    for block in blocks(TEXT):
        if block.language == "python":
            exec(compile(block.body, str(PAGE), "exec"), {})
        for command in commands(block.body) if block.language == "console" else []:
            result = zoo(*shlex.split(command.line)[1:])
            assert result.code == 0, result.stderr
            if command.printed != ["..."]:
                assert _names(command.printed) == _names(result.stdout.splitlines())


def _names(lines: list[str]) -> tuple[str, list[str]]:
    """Returns the header of a table and what its rows are about, in no order.

    Figures, and with them the order of rows within the spread, differ between processors.
    """
    table = lines[: lines.index("")] if "" in lines else lines
    header, *rows = (re.split(r"  +|,", line) for line in table)
    return " ".join(header), sorted(row[0] for row in rows)


def test_every_block_is_a_session_or_python() -> None:
    for block in blocks(TEXT):
        if block.language == "python":
            ast.parse(block.body)
        else:
            assert block.language == "console"
            assert block.body.startswith("$ zoo ")


def test_every_column_of_the_csv_is_explained() -> None:
    assert all(f"| `{name}` | {meaning} |" in TEXT for name, meaning in COLUMNS.items())
