"""``docs/faults.md`` holds every row that the battery declares, and no other."""

from __future__ import annotations

from tests.faults.table import PAGE, declared, page


def test_the_page_says_what_the_battery_declares() -> None:
    assert PAGE.read_text("utf-8") == page(declared()), "run: uv run python -m tests.faults"
