"""The view of an attention."""

from __future__ import annotations

import pytest

from zoo_cli.terminal.attention_view import print_attention
from zoo_core.runtime.inspection.attention import AttentionMap


def test_a_symbol_that_is_a_number_keeps_its_zero(capsys: pytest.CaptureFixture[str]) -> None:
    weights = ((0.75, 0.25), (0.0, 1.0))
    print_attention(AttentionMap("model", ("a", "0.5"), ("x", "y"), weights))
    first, second = capsys.readouterr().out.splitlines()[1:]
    assert first.split() == ["x", "a", ".75", "0.5", ".25"]
    assert second.split() == ["y", "0.5", "1.00"]
