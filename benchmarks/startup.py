"""Start-up: how often per second a command runs, against a Python that does nothing."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from benchmarks.figure import Figure, figures
from benchmarks.subject import Bench
from benchmarks.timing import Work, interleave

ZOO = str(Path(sys.executable).with_name("zoo"))


def startup(bench: Bench) -> Iterator[list[Figure]]:
    """``zoo list`` and ``zoo --help`` with bytecode compiled, as an installer leaves it."""
    ways = {
        "python -c pass": runs([sys.executable, "-c", "pass"]),
        "zoo list": runs([ZOO, "list"]),
        "zoo --help": runs([ZOO, "--help"]),
        "completion": runs(
            [ZOO], {"_ZOO_COMPLETE": "bash_complete", "COMP_WORDS": "zoo tr", "COMP_CWORD": "1"}
        ),
    }
    yield figures("startup", "start", "starts/s", interleave(ways, bench.effort))


def runs(command: list[str], more: Mapping[str, str] | None = None) -> Work:
    """Runs a command so many times; the first ones write what bytecode is missing."""
    inherited = {name: value for name, value in os.environ.items() if name not in UNWANTED}
    environment = inherited | dict(more or {})

    def work(count: int) -> float:
        for _ in range(count):
            subprocess.run(command, check=True, capture_output=True, env=environment)
        return count

    return work


UNWANTED = ("PYTHONDONTWRITEBYTECODE", "ZOO_PLUGINS", "ZOO_DEBUG")
