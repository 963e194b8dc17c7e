"""Output: control characters are escaped for a terminal, and tables count columns."""

from __future__ import annotations

import io
import json

import pytest

from zoo_cli.terminal.output import (
    Paint,
    cell_width,
    echo,
    print_json,
    print_painted,
    print_table,
    shorten,
)
from zoo_core.errors import TargetError
from zoo_core.escaping import one_line, printable, quoted

ESCAPE = "a\x1b[2Jb\x07"


class Terminal(io.StringIO):
    """A stdout that says it is a terminal."""

    def isatty(self) -> bool:
        return True


class FullDisk(io.StringIO):
    """A stdout whose disk is full."""

    def write(self, text: str) -> int:
        raise OSError(28, "No space left on device")


def test_control_characters_are_written_out() -> None:
    assert printable(ESCAPE) == "a\\x1b[2Jb\\x07"
    assert printable("naïve\n\t→ ✓") == "naïve\n\t→ ✓"
    assert printable("\x9b\udcff\u0378\u202e") == r"\x9b\udcff\u0378\u202e"
    assert one_line("a\fb\u2028c\n") == r"a\x0cb\u2028c\n"


def test_ordinary_characters_are_shown_as_they_are() -> None:
    text = "\u3000一\xa0二 👩\u200d🔬 می\u200cخواهم \u200f"
    assert printable(text) == one_line(text) == text


@pytest.mark.parametrize("text", ["plain", "it's", "both ' and \"", "a\\b\n\t\x00é"])
def test_quotes_are_those_of_repr(text: str) -> None:
    assert quoted(text) == repr(text)
    assert quoted("\u3000") == "'\u3000'"


def test_a_terminal_gets_no_control_characters(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr("sys.stdout", terminal)
    echo(ESCAPE)
    print_table([[ESCAPE, "x"]])
    print_json({ESCAPE: "\x9b\U000e0fff"})
    shown = terminal.getvalue()
    assert printable(shown) == shown
    assert json.loads(shown[shown.index("{") :]) == {ESCAPE: "\x9b\U000e0fff"}


def test_a_pipe_gets_the_text_unescaped(capsys: pytest.CaptureFixture[str]) -> None:
    echo(ESCAPE)
    assert capsys.readouterr().out == f"{ESCAPE}\n"


def test_stderr_is_always_escaped_and_may_be_full(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    echo(ESCAPE, err=True)
    assert capsys.readouterr().err == "a\\x1b[2Jb\\x07\n"
    monkeypatch.setattr("sys.stderr", FullDisk())
    echo(ESCAPE, err=True)


def test_a_full_stdout_is_an_error_with_its_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout", FullDisk())
    with pytest.raises(TargetError, match="cannot write to stdout: No space left on device"):
        echo("text")


def test_a_painted_piece_has_its_colours_and_every_piece_is_escaped(
    capsys: pytest.CaptureFixture[str],
) -> None:
    print_painted([("a\x1b[2J", None), ("b\x07", Paint(1, 2))])
    assert capsys.readouterr().out == "a\\x1b[2J\x1b[38;5;1;48;5;2mb\\x07\x1b[0m\n"


def test_a_table_counts_columns_and_keeps_its_lines(capsys: pytest.CaptureFixture[str]) -> None:
    print_table([["汉字", "x"], ["e\u0301", "y"], ["a\nb", "z"]])
    assert capsys.readouterr().out.split("\n") == ["汉字  x", "e\u0301     y", "a\\nb  z", ""]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("short", "short"),
        ("x" * 10, "x" * 10),
        ("x" * 11, "x" * 9 + "…"),
        ("字" * 5, "字" * 5),
        ("字" * 6, "字" * 4 + "…"),
        ("\n" * 300_000, r"\n\n\n\n\…"),
    ],
)
def test_a_text_is_cut_at_a_number_of_columns(text: str, shown: str) -> None:
    assert shorten(text, 10) == shown
    assert cell_width(shown) <= 10


@pytest.mark.parametrize("width", [1, 0, -5])
def test_where_there_is_no_room_a_text_is_a_mark(width: int) -> None:
    assert shorten("text", width) == shorten("字", width) == "…"
