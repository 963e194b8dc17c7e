"""A row of the table of faults: the fault, the message, the exit code and what is left."""

from __future__ import annotations

import re
from typing import Any, NamedTuple, final

import pytest

from tests.cli.command import Result


@final
class Fault(NamedTuple):
    """One fault, as its test declares it.

    Args:
        number: Of its group of rows.
        what: Goes wrong.
        says: The line on stderr; ``…`` stands for what differs from case to case.
        code: The exit code; ``-9`` of a killed process.
        left: What is on disk afterwards.
    """

    number: int
    what: str
    says: str
    code: int
    left: str

    def check(self, result: Result) -> None:
        """Asserts that a command ended as the row says, in one line without a traceback."""
        assert result.code == self.code, result
        assert "Traceback" not in result.stderr
        if not self.says:
            return
        pattern = re.escape(self.says).replace("…", ".*")
        lines = [line for line in result.stderr.splitlines() if re.fullmatch(pattern, line)]
        assert len(lines) == 1, f"{self.says!r} is not the message: {result.stderr}"


def fault(number: int, what: str, *, says: str, code: int, left: str) -> pytest.MarkDecorator:
    """Declares the row that a test provokes; the test meets it with the fixture ``met``."""
    return pytest.mark.fault(Fault(number, what, says, code, left))


def case(row: tuple[Any, ...], *arguments: Any) -> Any:
    """A parameter set whose row is its own: (number, what, says, code, left)."""
    declared = Fault(*row)
    return pytest.param(*arguments, marks=pytest.mark.fault(declared), id=declared.what)
