"""Start-up: how often per second a command runs, against a Python that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.figure import Figure, figures
from benchmarks.subject import Bench
from benchmarks.timing import Work, interleave

UNWANTED = ("PYTHONDONTWRITEBYTECODE", "ZOO_PLUGINS", "ZOO_DEBUG")
ZOO = str(Path(sys.executable).with_name("zoo"))


def startup(bench: Bench) -> Iterator[list[Figure]]:
    """``zoo list`` and ``zoo --help`` with bytecode compiled, as an installer leaves it."""
    ways = {
        "python -c pass": python("pass"),
        "zoo list": zoo("list"),
        "zoo --help": zoo("--help"),
        "completion": zoo(_ZOO_COMPLETE="bash_complete", COMP_WORDS="zoo tr", COMP_CWORD="1"),
    }
    yield figures("startup", "start", "starts/s", interleave(ways, bench.effort))


def python(source: str) -> Work:
    """Runs a program in a Python of its own so many times."""
    return _runs([sys.executable, "-c", source], {})


def zoo(*arguments: str, **environment: str) -> Work:
    """Runs a command of the zoo so many times."""
    return _runs([ZOO, *arguments], environment)


def _runs(command: list[str], more: dict[str, str]) -> Work:
    """The first runs write what bytecode is missing."""
    inherited = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    environment = inherited | more

    def work(count: int) -> float:
        for _ in range(count):
            subprocess.run(command, check=True, capture_output=True, env=environment)
        return count

    return work
