"""``zoo runs remove``: what is asked before a run is gone for good."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from tests.cli.command import Zoo

pty = pytest.importorskip("pty", reason="a terminal to answer at")


@pytest.fixture
def kept(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A run by the name of kept."""
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    folder = tmp_path / "runs" / "kept"
    folder.mkdir(parents=True)
    return folder


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("n\n", 1), ("\n", 1), ("\x04", 1)])
def test_removal_asks_for_confirmation(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, kept: Path, answer: str, code: int
) -> None:
    person, terminal = pty.openpty()
    os.write(person, answer.encode())
    with os.fdopen(terminal) as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        result = zoo("runs", "remove", "kept")
    os.close(person)
    assert result.code == code
    assert "  - kept (0 B)\n" in result.stderr
    assert ("Error: nothing was changed" in result.stderr) == kept.exists() == (code == 1)


def test_without_a_terminal_nothing_is_removed(zoo: Zoo, kept: Path) -> None:
    result = zoo("runs", "remove", "kept")
    assert result.code == 6
    assert "add --yes" in result.stderr
    assert kept.exists()
