"""A stream that is full, closed or unreadable is one line and an exit code."""

from __future__ import annotations

import contextlib
import errno
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from zoo_cli.main import run
from zoo_cli.terminal.input import read_stdin
from zoo_cli.terminal.output import echo, is_closed_pipe, prepare_stream, print_error, shows_colors
from zoo_core.errors import DataError

FULL = Path("/dev/full")
needs_full = pytest.mark.skipif(not FULL.exists(), reason="only Linux has /dev/full")


class Broken(io.StringIO):
    """A stdin that cannot be read."""

    def read(self, size: int | None = -1) -> str:
        raise OSError(5, "Input/output error")


@pytest.fixture
def full() -> Iterator[io.TextIOWrapper]:
    """A stream on a full disk."""
    stream = FULL.open("w")
    yield stream
    for _ in range(2):  # the first attempt fails and drops what it could not write
        with contextlib.suppress(OSError):
            stream.close()


@needs_full
@pytest.mark.parametrize(
    "arguments",
    [
        ["list"],
        ["list", "--json"],
        ["--help"],
        ["train", "--help"],
        ["--version"],
        ["show", "gru-embed"],
        ["train", "gru-embed", "--print-config"],
        ["runs", "--json"],
        ["evaluate", "lstm-embed"],
        ["predict", "lstm-embed", "hello"],
        ["generate", "lstm-embed.python-docs", "--length", "5"],
        ["diff", "lstm-embed", "gru-embed"],
        ["plugins"],
        ["completion", "bash"],
    ],
    ids=" ".join,
)
def test_a_full_stdout_is_one_line_and_exit_6(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    full: io.TextIOWrapper,
    arguments: list[str],
) -> None:
    monkeypatch.setattr("sys.stdout", full)
    assert run(arguments) == 6
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith("Error: cannot write")
    assert line.endswith("No space left on device")


@needs_full
def test_a_full_stderr_does_not_change_the_exit_code(
    monkeypatch: pytest.MonkeyPatch, full: io.TextIOWrapper
) -> None:
    monkeypatch.setattr("sys.stderr", full)
    assert run(["list", "nothing"]) == 2
    assert run(["runs"]) == 0


@pytest.mark.parametrize(
    ("stdin", "reason"), [(None, "it is closed"), (Broken(), "Input/output error")]
)
def test_a_stdin_that_cannot_be_read_is_one_line_and_exit_6(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, stdin: object, reason: str
) -> None:
    monkeypatch.setattr("sys.stdin", stdin)
    result = zoo("predict", "lstm-embed.hello", "-")
    assert (result.code, result.stdout) == (6, "")
    assert result.stderr.startswith(f"Error: cannot read stdin: {reason}")
    assert result.stderr.count("\n") == 1


def test_a_question_without_stdin_is_refused(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch, isolation: Path
) -> None:
    (isolation / "runs" / "any" / "state").mkdir(parents=True)
    monkeypatch.setattr("sys.stdin", None)
    result = zoo("runs", "remove", "any")
    assert result.code == 6
    assert "stdin is not a terminal: add --yes" in result.stderr


@pytest.mark.parametrize(
    ("data", "locale"),
    [("né 你".encode(), "cp1252"), ("né 你".encode(), "utf-8"), ("né".encode("cp1252"), "cp1252")],
)
def test_stdin_is_utf_8_whatever_the_locale_or_else_in_that_of_the_locale(
    monkeypatch: pytest.MonkeyPatch, data: bytes, locale: str
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(data), encoding=locale))
    assert read_stdin() in ("né 你", "né")


def test_bytes_that_are_text_in_no_encoding_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"a\xff"), encoding="utf-8"))
    with pytest.raises(DataError, match=r"stdin is not utf-8: byte 0xff at offset 1"):
        read_stdin()


@pytest.mark.parametrize(
    ("platform", "chosen", "written"),
    [
        ("linux", "", rb"\u03c3"),
        ("win32", "", "σ".encode()),
        ("win32", "cp1252", rb"\u03c3"),  # by PYTHONIOENCODING
    ],
)
def test_a_pipe_of_windows_gets_utf_8_and_no_character_is_an_error(
    monkeypatch: pytest.MonkeyPatch, platform: str, chosen: str, written: bytes
) -> None:
    if chosen:
        monkeypatch.setenv("PYTHONIOENCODING", chosen)
    else:
        monkeypatch.delenv("PYTHONIOENCODING", raising=False)
    data = io.BytesIO()
    stream = io.TextIOWrapper(data, encoding="cp1252")
    prepare_stream(stream, platform)
    monkeypatch.setattr("sys.stdout", stream)
    echo("σ", nl=False)
    stream.flush()
    assert data.getvalue() == written


def test_a_pipe_that_its_reader_has_closed_is_known_on_windows_too() -> None:
    assert is_closed_pipe(BrokenPipeError())
    assert is_closed_pipe(OSError(errno.EINVAL, "Invalid argument"), "win32")
    assert not is_closed_pipe(OSError(errno.EINVAL, "Invalid argument"), "linux")
    assert not is_closed_pipe(OSError(errno.ENOSPC, "No space left on device"), "win32")


class Terminal(io.StringIO):
    """A stream that is a terminal."""

    def isatty(self) -> bool:
        return True


def test_the_word_error_is_red_on_a_terminal_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    for stream, label in (Terminal(), "\x1b[1;31mError:\x1b[0m"), (io.StringIO(), "Error:"):
        monkeypatch.setattr("sys.stderr", stream)
        print_error("no run '\x1b[2J'")
        assert stream.getvalue() == f"{label} no run '\\x1b[2J'\n"
    monkeypatch.setenv("NO_COLOR", "1")
    terminal = Terminal()
    monkeypatch.setattr("sys.stderr", terminal)
    print_error("plain")
    assert terminal.getvalue() == "Error: plain\n"


def test_the_old_console_of_windows_gets_no_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TERM", "WT_SESSION"):
        monkeypatch.delenv(name, raising=False)
    assert not shows_colors(Terminal(), "win32")
    monkeypatch.setenv("WT_SESSION", "1")
    assert shows_colors(Terminal(), "win32")


HUGE = "99999999999999999999"


@pytest.mark.parametrize(
    ("arguments", "code", "expected"),
    [
        (["generate", "lstm-embed.hello", "--length", HUGE], 2, "1000000000000"),
        (["generate", "lstm-embed.hello", "--top-k", HUGE], 2, "1000000000"),
        (["show", "gru-embed", "--shapes", "--steps", HUGE], 2, "1024"),
        (["train", "cnn1d", "--model.stride", HUGE], 6, "expected an integer >= 1"),
        (["train", "lstm-embed", "--trainer.epochs", HUGE], 6, "of 64 bits at most"),
        (["train", "lstm-embed", "--seed", HUGE], 2, "4294967295"),
        (["train", "lstm-embed", "--dataset.word", "\udcff"], 6, r"'\udcff': expected text in UTF"),
    ],
)
def test_a_value_without_bounds_of_its_own_is_refused(
    zoo: Zoo, arguments: list[str], code: int, expected: str
) -> None:
    result = zoo(*arguments)
    assert (result.code, result.stdout) == (code, "")
    assert expected in result.stderr
