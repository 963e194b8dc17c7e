"""Start-up: how often per second a command runs, against an empty Python program."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from benchmarks.benchmark import Setup
from benchmarks.measurement import Measurement, measurements
from benchmarks.timing import Work, interleave

CLEARED_VARIABLES = ("PYTHONDONTWRITEBYTECODE", "ZOO_PLUGINS", "ZOO_DEBUG")
ZOO = str(Path(sys.executable).with_name("zoo"))


def startup(setup: Setup) -> Iterator[list[Measurement]]:
    """``zoo list``, ``zoo --help`` and completion, with bytecode compiled as after an install."""
    implementations = {
        "python -c pass": python("pass"),
        "zoo list": zoo("list"),
        "zoo --help": zoo("--help"),
        "completion": zoo(_ZOO_COMPLETE="bash_complete", COMP_WORDS="zoo tr", COMP_CWORD="1"),
    }
    yield measurements("startup", "start", "starts/s", interleave(implementations, setup.effort))


def python(source: str) -> Work:
    """Work that runs a Python program."""
    return _runs([sys.executable, "-c", source], {})


def zoo(*arguments: str, **environment: str) -> Work:
    """Work that runs a command of the zoo."""
    return _runs([ZOO, *arguments], environment)


def _runs(command: list[str], overrides: dict[str, str]) -> Work:
    """Work that runs a command; the first runs write missing bytecode."""
    inherited = {name: value for name, value in os.environ.items() if name not in CLEARED_VARIABLES}
    environment = inherited | overrides

    def work(count: int) -> float:
        for _ in range(count):
            subprocess.run(command, check=True, capture_output=True, env=environment)
        return count

    return work
