"""Runs the whole battery, slow parts included, and writes the table of what it met."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import final

import pytest

from tests.faults.fault import Fault
from tests.faults.table import PAGE, page


@final
class Meetings:
    """A plugin of pytest that notes which rows were met.

    Attributes:
        met: Rows of tests that passed.
        open: Rows of tests that failed or were skipped.
    """

    def __init__(self) -> None:
        self.met: set[Fault] = set()
        self.open: set[Fault] = set()
        self._rows: dict[str, Fault] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Knows every test's row."""
        for item in session.items:
            if marker := item.get_closest_marker("fault"):
                self._rows[item.nodeid] = marker.args[0]

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Notes how a test ended."""
        row = self._rows.get(report.nodeid)
        if row and report.outcome != "passed":
            self.open.add(row)
        elif row and report.when == "call":
            self.met.add(row)


def main() -> int:
    """Exit code 1 if a row was not met, or the page says something else."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="Write nothing; fail if the page says anything else."
    )
    options = parser.parse_args()
    meetings = Meetings()
    pytest.main([str(Path(__file__).parent), "-q", "-m", "", "-n", "0"], plugins=[meetings])
    for row in sorted(meetings.open):
        print(f"not met: {row.number} {row.what}")  # noqa: T201
    if meetings.open or not meetings.met:
        return 1
    text = page(meetings.met)
    if not options.check:
        PAGE.write_text(text, "utf-8")
    same = PAGE.read_text("utf-8") == text
    print(f"{len(meetings.met)} rows met; {PAGE.name} {'says so' if same else 'says otherwise'}")  # noqa: T201
    return int(not same)


sys.exit(main())
