"""``docs/conformance.md`` describes the checks as the code does."""

from __future__ import annotations

from pathlib import Path

from tests.testing.table import conformance_tables
from zoo_core.testing.suite import every_check

PAGE = (Path(__file__).parents[2] / "docs" / "conformance.md").read_text("utf-8")


def test_the_page_has_the_rule_and_the_remedy_of_every_check() -> None:
    assert conformance_tables().strip() in PAGE
    for checks in every_check().values():
        for check in checks:
            assert check.rule.endswith(".")
            assert check.remedy.endswith(".")
            assert "|" not in check.rule + check.remedy
