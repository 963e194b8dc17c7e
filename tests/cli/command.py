"""Types of the command line's fixtures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

PROGRAM = "import sys; from zoo_cli.main import main; sys.argv[0] = 'zoo'; main()"
"""Runs the command in another Python: ``python -c PROGRAM list``."""


class Result(NamedTuple):
    """Exit code and output of a command."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """The output on stdout, parsed as JSON."""
        return json.loads(self.stdout)


Zoo = Callable[..., Result]
InstallPlugin = Callable[..., Path]
