"""The command line as tests call it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, NamedTuple

PROGRAM = "import sys; from zoo_cli.main import main; sys.argv[0] = 'zoo'; main()"
"""The command, for a Python of its own: ``python -c PROGRAM list``."""


class Result(NamedTuple):
    """What a command left behind."""

    code: int
    stdout: str
    stderr: str

    @property
    def json(self) -> Any:
        """What it printed, read as JSON."""
        return json.loads(self.stdout)


Zoo = Callable[..., Result]
