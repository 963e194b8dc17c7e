"""Printing of JSON, tables, metrics and text."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from typing import IO, NamedTuple, final

import click

from zoo_core.errors import TargetError
from zoo_core.escaping import one_line, printable

METRIC_ORDER = ("loss", "perplexity", "bits_per_character", "bits_per_byte", "accuracy")
METRIC_LABELS = {
    "bits_per_character": "bits/char",
    "bits_per_byte": "bits/byte",
    "unknown_share": "share of unknown words",
    "coverage": "share of the split",
}
MAX_CELLS = 80
"""Columns that a sample or an example may take; a Han character takes two."""

RESET, RED = "\x1b[0m", "\x1b[1;31m"


@final
class Paint(NamedTuple):
    """Colours of a piece of text, by their numbers in the palette of 256.

    Args:
        foreground: The colour of the text.
        background: The colour behind it.
    """

    foreground: int
    background: int

    @property
    def code(self) -> str:
        """The control sequence that switches the colours on."""
        return f"\x1b[38;5;{self.foreground};48;5;{self.background}m"


json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")


def echo(text: str = "", *, nl: bool = True, err: bool = False) -> None:
    """Prints text on stdout or stderr. Every command prints everything through this function.

    Control characters are escaped on stderr, and on stdout if it is a terminal; a pipe or a file
    gets the text as it is. A stderr that is closed or full does not stop a command.

    Raises:
        TargetError: Stdout cannot be written to, because its disk is full for example.
    """
    if err:
        with contextlib.suppress(OSError):
            click.echo(printable(text), nl=nl, err=True, color=True)
        return
    _write(printable(text) if is_terminal(sys.stdout) else text, nl=nl)


def prepare_stream(stream: io.TextIOWrapper, platform: str = sys.platform) -> None:
    """Lets a stream print every character: one that its encoding lacks is escaped.

    On Windows, a pipe or a file gets UTF-8 as everywhere else, unless ``PYTHONIOENCODING`` is set.

    Args:
        stream: Stdout or stderr.
        platform: The platform, as ``sys.platform`` names it.
    """
    is_piped = not is_terminal(stream) and "PYTHONIOENCODING" not in os.environ
    if platform == "win32" and is_piped:
        stream.reconfigure(encoding="utf-8")
    stream.reconfigure(errors="backslashreplace")


def is_closed_pipe(error: BaseException, platform: str = sys.platform) -> bool:
    """Whether an error says that the reader of a pipe has closed it.

    Args:
        error: The error of writing to the pipe.
        platform: The platform, as ``sys.platform`` names it. Windows has a number of its own.
    """
    if isinstance(error, BrokenPipeError):
        return True
    return platform == "win32" and isinstance(error, OSError) and error.errno == errno.EINVAL


def _write(text: str, *, nl: bool) -> None:
    try:
        click.echo(text, nl=nl, color=True)
    except OSError as error:
        if is_closed_pipe(error):
            raise BrokenPipeError from error
        raise TargetError(f"cannot write to stdout: {error.strerror}") from error


def shows_colors(stream: IO[str] | None = None, platform: str = sys.platform) -> bool:
    """Whether a stream shows colours: it is a terminal, and NO_COLOR is not set.

    Args:
        stream: Stdout or stderr; None for stdout.
        platform: The platform, as ``sys.platform`` names it. The old console of Windows would
            print the control sequences.
    """
    wanted = not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    if platform == "win32":
        wanted = wanted and bool(os.environ.keys() & {"WT_SESSION", "TERM"})
    return wanted and is_terminal(stream or sys.stdout)


def print_error(message: str) -> None:
    """Prints ``Error:``, in red on a terminal, and a message on stderr."""
    label = f"{RED}Error:{RESET}" if shows_colors(sys.stderr) else "Error:"
    with contextlib.suppress(OSError):
        click.echo(f"{label} {printable(message)}", err=True, color=True)


def print_painted(pieces: Iterable[tuple[str, Paint | None]]) -> None:
    """Prints pieces of text, some of them in colours, and a line end.

    Control characters in them are escaped.

    Raises:
        TargetError: Stdout cannot be written to.
    """
    line = [
        printable(text) if paint is None else f"{paint.code}{printable(text)}{RESET}"
        for text, paint in pieces
    ]
    _write("".join(line), nl=True)


def is_terminal(stream: IO[str]) -> bool:
    """Whether a stream is a terminal; a closed one is none."""
    return not stream.closed and stream.isatty()


def print_json(value: object) -> None:
    """Prints a value as JSON on stdout."""
    import json

    text = json.dumps(value, indent=2, ensure_ascii=False)
    if is_terminal(sys.stdout) and printable(text) != text:
        # JSON has escapes of its own; json.dumps uses them for some control characters only
        text = "".join(char if printable(char) == char else _json_escape(char) for char in text)
    echo(text)


def print_table(rows: Sequence[Sequence[str]]) -> None:
    """Prints rows in aligned columns on stdout."""
    if not rows:
        return
    rows = [[one_line(cell) for cell in row] for row in rows]
    widths = [max(map(cell_width, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell + " " * (width - cell_width(cell)) for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
    _write("\n".join(lines), nl=True)


def cell_width(text: str) -> int:
    """Returns the columns that a text without control characters takes on a terminal."""
    if text.isascii():
        return len(text)
    from wcwidth import wcswidth

    return max(wcswidth(text), 0)


def shorten(text: str, width: int = MAX_CELLS) -> str:
    """Returns a text in one line of at most ``width`` columns, with ``…`` for what is left out.

    Where there is no column, it is ``…`` all the same.
    """
    width = max(width, 1)
    line = one_line(text[: 2 * width])  # a mark over a letter is a character without a column
    if len(text) <= 2 * width and cell_width(line) <= width:
        return line
    while cell_width(line) >= width:
        line = line[:-1]
    return f"{line}…"


def _json_escape(char: str) -> str:
    import json

    return json.dumps(char)[1:-1] if ord(char) > 0xFFFF else f"\\u{ord(char):04x}"


def format_metrics(metrics: Mapping[str, float]) -> str:
    """Formats the metrics of one split in one line, the usual ones first."""
    usual = [name for name in METRIC_ORDER if name in metrics]
    names = usual + sorted(name for name in metrics if name not in METRIC_ORDER)
    return ", ".join(f"{METRIC_LABELS.get(name, name)} {metrics[name]:.4g}" for name in names)
