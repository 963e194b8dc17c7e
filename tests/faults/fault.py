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
        number: The number of its group of rows.
        what: What goes wrong.
        says: The line on stderr; ``…`` stands for any text.
        code: The exit code; ``-9`` for a killed process.
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
    """Declares the row that a test provokes and compares with the fixture ``met``."""
    return pytest.mark.fault(Fault(number, what, says, code, left))


def case(row: tuple[Any, ...], *arguments: Any, is_slow: bool = False) -> Any:
    """Returns a parameter set with a row of its own: (number, what, says, code, left)."""
    declared = Fault(*row)
    marks = [pytest.mark.fault(declared), *([pytest.mark.slow] if is_slow else [])]
    return pytest.param(*arguments, marks=marks, id=declared.what)
