"""The start of the command ``zoo``: Ctrl+C ends it at once while Python still imports.

Python would raise KeyboardInterrupt inside whichever import runs and print its traceback. The
command line has handlers of its own as soon as it runs a command; before, nothing is written.
"""

from __future__ import annotations

# The built-in part of ``signal``, whose own import takes as long as many a Ctrl+C needs to come.
import _signal  # type: ignore[import-not-found]
import os


def main() -> None:
    """Runs the command line and exits with its exit code."""
    _signal.signal(_signal.SIGINT, _leave)
    from zoo_cli.main import main as run_command_line

    run_command_line()


def _leave(number: int, frame: object) -> None:
    os._exit(128 + number)
