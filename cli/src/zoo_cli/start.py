"""The start of the command ``zoo``: Ctrl+C ends it at once while Python still imports.

Python would raise KeyboardInterrupt inside whichever import runs and print its traceback. The
command line has handlers of its own as soon as it runs a command; before, nothing is written.
"""

from __future__ import annotations

import os
import signal
from types import FrameType


def main() -> None:
    """Runs the command line and exits with its exit code."""
    signal.signal(signal.SIGINT, _leave)
    from zoo_cli.main import main as run_command_line

    run_command_line()


def _leave(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)
