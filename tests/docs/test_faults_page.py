"""``docs/faults.md`` has exactly the rows that the tests of faults declare."""

from __future__ import annotations

from tests.faults.table import PAGE, declared, page


def test_the_page_has_the_declared_rows() -> None:
    assert PAGE.read_text("utf-8") == page(declared()), "run: uv run python -m tests.faults"
