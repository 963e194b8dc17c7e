"""Processes that Ctrl+C in the terminal of this one does not reach."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Sequence
from typing import IO


def start_apart(
    command: Sequence[str],
    *,
    stdin: int,
    stdout: int | IO[bytes],
    stderr: int | IO[bytes],
) -> subprocess.Popen[bytes]:
    """Starts a process in a session of its own; on Windows in a process group of its own.

    Args:
        command: The program and its arguments.
        stdin: As for ``subprocess.Popen``.
        stdout: As for ``subprocess.Popen``.
        stderr: As for ``subprocess.Popen``.

    Raises:
        OSError: The program cannot be started.
    """
    return subprocess.Popen(
        command,
        stdin=stdin,
        stdout=stdout,
        stderr=stderr,
        start_new_session=True,  # of no effect on Windows
        creationflags=getattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0),
    )


def stop_signal() -> signal.Signals:
    """Returns the signal at which a process that was started apart saves and ends.

    Windows sends nothing but Ctrl+Break to a process group; of any other number ``os.kill`` makes
    the end of the process.
    """
    found: signal.Signals = getattr(signal, "CTRL_BREAK_EVENT", signal.SIGINT)
    return found
