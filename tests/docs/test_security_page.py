"""Every attack in ``docs/security.md`` names a test that exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LINES = (ROOT / "docs" / "security.md").read_text("utf-8").splitlines()
NOT_ATTACKS = ("| attack ", "| --- ")
ROWS = [line for line in LINES if line.startswith("| ") and not line.startswith(NOT_ATTACKS)]
NAMED = sorted(set(re.findall(r"`(tests/[\w/]+\.py)::(\w+)`", "\n".join(LINES))))


def test_every_attack_names_a_test() -> None:
    assert ROWS
    assert [row for row in ROWS if "::test_" not in row] == []


@pytest.mark.parametrize(("file", "name"), NAMED)
def test_the_test_exists(file: str, name: str) -> None:
    tree = ast.parse((ROOT / file).read_text("utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
