"""Pages that are run: the blocks of code of ``docs/`` and of the plugins' READMEs, in one session.

A page is carried out in an empty folder. ```` ```console ```` runs what follows each ``$`` and
holds the rest against what was printed, ```` ```python ```` is a doctest if it has ``>>>`` and is
executed otherwise, and a block that names a file, such as ```` ```toml my.toml ````, writes it.
What stands between cog's marks is held by cog instead. A comment on the line before a block says
more:

    <!-- test: gate -->                      run by `pytest -m gate`; so slow, full, browser
    <!-- test: slow full -->                 has both markers: slow, and for plugins of that group
    <!-- test: with --trainer.epochs 1 -->   its trainings get these options in the test
    <!-- test: gate, sample -->              what it prints is a sample, and not compared
    <!-- test: network -->                   not run: it needs the network; so gpu
    <!-- test: never, it installs packages -->
    <!-- test: in tests/docs/test_serve_page.py -->    run by that test
    <!-- test: python                        run, and not shown: what the page takes for granted
    Path("my.txt").write_text("some text")
    -->

Before the title of a page, a comment holds for all of its blocks that have none. The next command
runs pages whole and writes into them what their commands print now: where ``?`` stands, and where
the words differ. A line ``...`` stands for any lines, and figures may differ.

    uv run python -m tests.docs.pages docs/start.md
"""

from __future__ import annotations

import contextlib
import doctest
import io
import os
import re
import shlex
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, Protocol, final

import pytest

from tests.docs.chinese import twins
from tests.docs.session import HOME, Command, Session, agrees, commands, shorten
from tests.installs.environment import make_zoo
from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_cli.main import run

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
RUN_BEFORE = {
    "": (),
    "gate": ("",),
    "slow": ("", "gate"),
    "full": ("", "gate"),
    "slow full": ("", "gate", "slow", "full"),
    "browser": ("",),
}
"""The markers of the test that runs a block, and the levels whose blocks that test runs too.

Its own blocks may need those; without a marker, plain ``pytest`` runs the block.
"""
LEVELS = tuple(RUN_BEFORE)
NEVER = ("network", "gpu", "never", "in")
SHELL = re.compile(r"[|<;&`]|\$\(")
"""Characters of a command that a shell must run, outside of quotes."""
QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
BUG = "(ZOO_DEBUG=1 shows the traceback)"
"""The end of an error that no page may show: one that the zoo did not foresee."""
TRAINING = re.compile(
    r"(?:uv run )?zoo (?:(?:train|sweep|resume|reproduce)\b"
    r"|compare\b.* --(?:seeds|budget|epochs|tokens)\b)"
)
"""A command that trains; ``zoo compare`` does with these options alone."""
OTHER_PROCESSES = {"--nproc", "ray"}
"""Words of commands whose other processes print, so that the command has one of its own too."""
BLOCK = re.compile(
    r"^<!-- \[\[\[cog$.*?^<!-- \[\[\[end\]\]\] -->$"  # is generated
    r"|^````.*?^````$"  # shows a block
    r"|^<!-- test: (?P<mark>.*?)(?:\n(?P<hidden>.*?))?-->$"
    r"|^```(?P<language>\w*)(?: (?P<path>\S+))?\n(?P<body>.*?)^```$",
    re.M | re.S,
)


@final
class PageBlock(NamedTuple):
    """A block of a page, and how it is tested.

    Args:
        language: ``console``, ``python`` or another.
        path: The file that it writes, or nothing.
        body: Its lines.
        level: The marker of the test that runs it.
        never: Why none does, or nothing.
        options: What its trainings get in the test.
        is_sample: Whether what it prints may differ.
        start: Where its body starts in the page.
        is_hidden: Whether readers do not see it.
    """

    language: str
    path: str
    body: str
    level: str
    never: str
    options: list[str]
    is_sample: bool
    start: int
    is_hidden: bool = False

    @property
    def is_code(self) -> bool:
        """Whether it is carried out or written to a file."""
        return self.language in ("console", "python", "bash", "sh") or bool(self.path)


@final
class Mark(NamedTuple):
    """What a comment says about a block."""

    level: str = ""
    never: str = ""
    options: list[str] = []  # noqa: RUF012  # is never changed
    is_sample: bool = False
    is_isolated: bool = False


def read_mark(text: str) -> Mark:
    """Returns what a comment says.

    Raises:
        ValueError: It has another word.
    """
    mark = Mark()
    head, _, options = text.strip().partition("with ")
    for word in filter(None, (word.strip() for word in head.split(","))):
        first = word.split()[0]
        if word in LEVELS:
            mark = mark._replace(level=word)
        elif first == "sample":
            mark = mark._replace(is_sample=True)
        elif first == "isolated":
            mark = mark._replace(is_isolated=True)
        elif first in NEVER:
            return mark._replace(never=text.strip())
        else:
            raise ValueError(f"no mark of a block: {first!r}; see {__name__}")
    return mark._replace(options=shlex.split(options))


@final
class Document(NamedTuple):
    """A page.

    Args:
        blocks: Its blocks of code.
        is_isolated: Whether it needs an environment of its own, because it installs packages.
    """

    blocks: list[PageBlock]
    is_isolated: bool

    def levels(self) -> list[str]:
        """Returns the levels of the tests that run something of it."""
        return [level for level in LEVELS if any(_is_run(b, {level}) for b in self.blocks)]

    def of_level(self, level: str) -> list[PageBlock]:
        """Returns what the test of a level runs."""
        return [block for block in self.blocks if _is_run(block, {level, *RUN_BEFORE[level]})]


def _is_run(block: PageBlock, levels: set[str]) -> bool:
    return block.is_code and not block.never and block.level in levels


def read_document(text: str) -> Document:
    """Returns the blocks of a page that are not generated."""
    found: list[PageBlock] = []
    default, pending, pending_end = Mark(), Mark(), -1
    title = re.search(r"^# ", text, re.M)
    for match in BLOCK.finditer(text):
        if match["mark"] is not None and match["hidden"] is not None:
            level = read_mark(match["mark"].removeprefix("python")).level or default.level
            body, start = match["hidden"], match.start("hidden")
            hidden = PageBlock("python", "", body, level, default.never, [], False, start, True)
            found.append(hidden)
        elif match["mark"] is not None and title and match.start() < title.start():
            default = read_mark(match["mark"])
        elif match["mark"] is not None:
            pending, pending_end = read_mark(match["mark"]), match.end()
        elif match["body"] is not None:
            has_mark = pending_end >= 0 and not text[pending_end : match.start()].strip()
            mark = pending if has_mark else default
            level = mark.level or default.level
            language, path, body = match["language"], match["path"] or "", match["body"]
            start = match.start("body")
            found.append(
                PageBlock(
                    language, path, body, level, mark.never, mark.options, mark.is_sample, start
                )
            )
    return Document(found, default.is_isolated)


@cache
def page_files() -> list[Path]:
    """Returns every page that is written by hand, and the README of every plugin.

    Chinese pages are left out, as their twins are run.
    """
    pages = {path for path in DOCS.rglob("*.md") if "results" not in path.parts}
    return sorted(pages - set(twins())) + plugin_readmes()


def plugin_readmes() -> list[Path]:
    """Returns the README of every plugin, which its page on the package index shows."""
    return sorted(ROOT.glob("plugins/*/README.md"))


class Shell(Protocol):
    """Runs the commands of a page and writes its files."""

    def run(self, line: str) -> list[str]:
        """Returns what a command prints."""

    def write(self, path: str, body: str) -> None:
        """Writes a file."""


@final
class InProcess:
    """Runs ``zoo`` in this process, and other commands in a shell, in the working folder.

    Args:
        folder: The folder that a page starts in.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.stdout: list[str] = []

    def run(self, line: str) -> list[str]:
        """Returns what a command prints, errors too; ``stdout`` has what it prints without them."""
        words = shlex.split(line, comments=True)
        words = words[2:] if words[:2] == ["uv", "run"] else words
        if words[0] == "cd":
            os.chdir(words[1])
            return []
        is_alone = OTHER_PROCESSES.isdisjoint(words)
        if words[0] == "zoo" and is_alone and not SHELL.search(QUOTED.sub("", line)):
            return self._zoo(words[1:])
        scripts = sysconfig.get_path("scripts")
        environment = os.environ | {"PATH": f"{scripts}:{os.environ['PATH']}"}
        result = subprocess.run(
            ["bash", "-o", "pipefail", "-c", line],
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        assert result.returncode == 0, (line, result.stdout)
        self.stdout = self._rows(result.stdout)
        return self.stdout

    def write(self, path: str, body: str) -> None:
        """Writes a file of the page."""
        Path(path).parent.mkdir(parents=True, exist_ok=True)
        Path(path).write_text(body, "utf-8")

    def _zoo(self, words: list[str]) -> list[str]:
        target = words[words.index(">") + 1] if ">" in words else ""
        words = words[: words.index(">")] if target else words
        everything, stdout = io.StringIO(), _Tee()
        stdout.other = everything
        with contextlib.redirect_stdout(stdout), contextlib.redirect_stderr(everything):
            code = run(words)
        printed = self._rows(everything.getvalue())
        is_verdict = words[0] == "reproduce" and code == 1  # a recipe misses its range
        is_error = any(row.startswith("Error: ") for row in printed)
        assert code == 0 or is_verdict or is_error, (words, printed)
        assert not any(row.endswith(BUG) for row in printed), (words, printed)
        if target:
            Path(target).write_text(stdout.getvalue(), "utf-8")
        self.stdout = self._rows("" if target else stdout.getvalue())
        return printed

    def _rows(self, text: str) -> list[str]:
        text = text.replace(os.environ["ZOO_HOME"], "~/.local/share/zoo")
        text = text.replace(str(self.folder), HOME)
        return [row.rstrip() for row in text.rstrip("\n").split("\n")] if text else []


@final
class _Tee(io.StringIO):
    """Keeps what is printed, and passes it on."""

    other: io.StringIO

    def write(self, text: str) -> int:
        self.other.write(text)
        return super().write(text)


def follow(
    page: list[PageBlock], shell: Shell, name: str, *, is_short: bool = True
) -> Iterator[tuple[PageBlock, Command, list[str]]]:
    """Carries blocks out; yields every command with what it printed this time.

    Args:
        page: The blocks.
        shell: What runs them.
        name: The name of the page, for messages.
        is_short: Whether trainings get the options of their block, which shorten them.

    Raises:
        AssertionError: A command failed and the page does not show it, or a Python session printed
            something else.
    """
    names: dict[str, Any] = {"__name__": "__main__", "Path": Path, "ROOT": ROOT}
    for block in page:
        if block.path:
            shell.write(block.path, block.body)
        elif block.language == "python":
            _run_python(block, names, name)
        else:
            for command in commands(block.body):
                line = command.line.partition("  #")[0]
                is_changed = is_short and TRAINING.match(line)
                options = shlex.join(block.options) if is_changed else ""
                printed = shell.run(f"{line} {options}".rstrip())
                assert _has_error(command.printed) or not _has_error(printed), (line, printed)
                yield block, command, printed


def _has_error(rows: list[str]) -> bool:
    """Whether a command prints an error; one that a page does not show is none of its own."""
    return any(row == "?" or row.startswith("Error: ") for row in rows)


def _run_python(block: PageBlock, names: dict[str, Any], name: str) -> None:
    if ">>> " in block.body:
        test = doctest.DocTestParser().get_doctest(block.body, names, name, name, 0)
        runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE)
        report = io.StringIO()
        runner.run(test, out=report.write, clear_globs=False)
        names.update(test.globs)
        assert not runner.failures, report.getvalue()
        return
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(block.body, name, "exec"), names)  # annotations stay strings, as in this file


def is_shown(command: Command, printed: list[str], shell: Shell) -> bool:
    """Whether a page shows what a command prints: nothing, all of it, or stdout alone."""
    if not command.printed or agrees(command.printed, printed):
        return True
    return isinstance(shell, InProcess) and agrees(command.printed, shell.stdout)


@contextlib.contextmanager
def started(folder: Path, *, is_isolated: bool) -> Iterator[Shell]:
    """Makes a shell for a page, in an empty folder."""
    if is_isolated:
        yield Session(make_zoo(folder))
        return
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("COLUMNS", "80")
        patch.setenv("RAY_ENABLE_UV_RUN_RUNTIME_ENV", "0")  # workers have this environment
        patch.setattr(os, "sched_getaffinity", lambda process: {0}, raising=False)
        for module in ("comparisons.contest", "sweeps.sweep"):
            patch.setattr(f"zoo_core.runtime.{module}.LocalEngine", InProcessEngine)
        yield InProcess(folder)


def renewed(text: str, folder: Path, name: str) -> str:
    """Returns a page with what its commands print now."""
    document = read_document(text)
    page = [block for block in document.blocks if block.is_code and not block.never]
    bodies: dict[int, list[str]] = {}
    with started(folder, is_isolated=document.is_isolated) as shell:
        for block, command, printed in follow(page, shell, name, is_short=False):
            rows = command.printed
            if rows and not is_shown(command, printed, shell):
                rows = shorten(printed)
            bodies.setdefault(block.start, []).extend([f"$ {command.line}", *rows])
    blocks = {block.start: block.body for block in page}
    for start in sorted(bodies, reverse=True):
        text = text[:start] + "\n".join(bodies[start]) + "\n" + text[start + len(blocks[start]) :]
    return text


def main() -> None:
    """Renews the pages that are named."""
    for name in sys.argv[1:]:
        page = Path(name).resolve()
        with tempfile.TemporaryDirectory() as folder:
            os.environ |= {"ZOO_HOME": f"{folder}/.home", "OMP_NUM_THREADS": "1"}
            work = Path(folder) / "work"
            work.mkdir()
            page.write_text(renewed(page.read_text("utf-8"), work, page.name), "utf-8")


if __name__ == "__main__":
    main()
