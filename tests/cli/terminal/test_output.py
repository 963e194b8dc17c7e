"""What commands print never steers a terminal."""

from __future__ import annotations

import io

import pytest

from zoo_cli.terminal.output import echo_text, print_table, printable

ESCAPE = "a\x1b[2Jb\x07"


class Terminal(io.StringIO):
    """A stdout that says it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_control_characters_are_written_out() -> None:
    assert printable(ESCAPE) == "a\\x1b[2Jb\\x07"
    assert printable("naïve\n\t→ ✓") == "naïve\n\t→ ✓"


def test_a_terminal_gets_no_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    echo_text(ESCAPE)
    print_table([[ESCAPE, "x"]])
    assert "\x1b" not in terminal.getvalue()
    assert "\x07" not in terminal.getvalue()


def test_a_pipe_gets_what_the_model_said(capsys: pytest.CaptureFixture[str]) -> None:
    echo_text(ESCAPE)
    assert capsys.readouterr().out == f"{ESCAPE}\n"
