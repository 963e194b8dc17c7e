"""Renews what docs/compare-two-cells.md shows: runs its commands, and writes what they print.

uv run python -m tests.docs.compare_page
"""

from __future__ import annotations

import contextlib
import io
import os
import re
import shlex
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.session import BLOCK, commands
from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_cli.main import run

PAGE = Path(__file__).parents[2] / "docs" / "compare-two-cells.md"
Run = Callable[[list[str]], str]
"""Runs the words after ``zoo`` and returns what is printed on stdout."""


def renewed(document: str, print_command: Run) -> str:
    """Returns a document with what its commands print; where it shows ``...``, it stays."""

    def answered(match: re.Match[str]) -> str:
        if match["language"] != "console":
            return match[0]
        rows = []
        for command in commands(match["body"]):
            printed = print_command(shlex.split(command.line)[1:]).rstrip("\n").split("\n")
            kept = command.printed == ["..."]
            rows += [f"$ {command.line}", *(command.printed if kept else printed)]
        return "\n".join(["```console", *(row.rstrip() for row in rows), "```"])

    return BLOCK.sub(answered, document)


def main() -> None:
    """Renews the page, in an empty folder and with a home of its own."""
    if hasattr(os, "sched_setaffinity"):  # one core, one thread: on every machine the same digits
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

    def print_command(words: list[str]) -> str:
        with contextlib.redirect_stdout(io.StringIO()) as printed:
            assert run(words) == 0, words
        return printed.getvalue()

    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        for module in ("comparisons.contest", "sweeps.sweep"):
            patch.setattr(f"zoo_core.runtime.{module}.LocalEngine", InProcessEngine)
        patch.setenv("ZOO_HOME", f"{folder}/home")
        patch.setenv("COLUMNS", "80")
        patch.chdir(folder)
        text = renewed(PAGE.read_text("utf-8"), print_command)
    PAGE.write_text(text, "utf-8")


if __name__ == "__main__":
    main()
