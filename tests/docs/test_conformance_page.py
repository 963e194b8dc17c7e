"""The page on conformance says what the checks say."""

from __future__ import annotations

from pathlib import Path

from tests.testing.table import conformance_tables
from zoo_core.testing.battery import every_check

PAGE = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text("utf-8")


def test_the_page_has_every_check_as_it_stands() -> None:
    assert conformance_tables().strip() in PAGE
    for checks in every_check().values():
        for each in checks:
            assert each.rule.endswith(".")
            assert each.remedy.endswith(".")
            assert "|" not in each.rule + each.remedy
