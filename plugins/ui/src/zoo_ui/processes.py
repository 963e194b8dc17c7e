"""Starting, stopping and resuming runs, each as a command in a process of its own.

A run is a ``zoo train`` or ``zoo resume`` like any other: ``zoo runs`` lists it, and it goes on
when the page ends.
"""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NamedTuple, final

from zoo_core.errors import RefusedError
from zoo_core.processes import start_apart, stop_signal
from zoo_core.run_folder.lock import lock_holder

LAST_BYTES = 4000
"""Bytes of a command's messages that are shown, the last ones."""


@final
class _Started(NamedTuple):
    """A command that this page started.

    Args:
        process: Its process.
        messages: What it prints, in a file that has no name and is gone with the last process.
    """

    process: subprocess.Popen[bytes]
    messages: IO[bytes]


@final
class RunProcesses:
    """The commands that this page started, by the folder of their run."""

    def __init__(self) -> None:
        self._started: dict[Path, _Started] = {}
        self._lock = threading.Lock()  # the handlers of the page run in threads

    def start(self, folder: Path, words: Sequence[str]) -> int:
        """Starts a command that trains in a folder.

        Args:
            folder: The folder of the run.
            words: The command without ``zoo``.

        Returns:
            The number of its process.

        Raises:
            RefusedError: A process trains there already.
        """
        with self._lock:
            if self.is_running(folder):
                raise RefusedError(f"{folder.name} runs already")
            # A pipe would break when the page ends; a named file would be left behind.
            messages = tempfile.TemporaryFile()  # noqa: SIM115  # open as long as the process
            process = start_apart(
                [sys.executable, "-m", "zoo_cli", *words],
                stdin=subprocess.DEVNULL,
                stdout=messages,
                stderr=subprocess.STDOUT,
            )
            self._started[folder] = _Started(process, messages)
        return process.pid

    def is_running(self, folder: Path) -> bool:
        """Whether a process trains in a folder, started here or elsewhere."""
        started = self._started.get(folder)
        if started and started.process.poll() is None:
            return True
        return lock_holder(folder) is not None

    def holder(self, folder: Path) -> int:
        """Returns the number of the process that trains in a folder.

        Raises:
            RefusedError: There is no such process on this machine.
        """
        started = self._started.get(folder)
        if started and started.process.poll() is None:
            return started.process.pid
        holder = lock_holder(folder)
        if holder is None:
            raise RefusedError(f"{folder.name} does not run")
        if holder.host != socket.gethostname():
            raise RefusedError(f"{folder.name} runs on {holder.host}: stop it there")
        return holder.pid

    def stop(self, folder: Path) -> None:
        """Sends Ctrl+C to the process that trains in a folder; it saves and ends.

        On Windows this is Ctrl+Break to a process from here; one from elsewhere ends at once.

        Raises:
            RefusedError: There is no such process on this machine.
        """
        pid = self.holder(folder)
        os.kill(pid, stop_signal() if pid in self.running().values() else signal.SIGINT)

    def messages(self, folder: Path) -> str:
        """Returns the end of what the command of a run printed; empty if it is not from here.

        Empty on Windows too, which cannot read a file without moving its position.
        """
        started = self._started.get(folder)
        if started is None or not hasattr(os, "pread"):
            return ""
        size = os.fstat(started.messages.fileno()).st_size
        start = max(0, size - LAST_BYTES)
        # its position is shared with the process that writes
        data = os.pread(started.messages.fileno(), LAST_BYTES, start)
        text = data.decode("utf-8", "replace").strip()
        return text if start == 0 else text.partition("\n")[2]

    def failure(self, folder: Path) -> str:
        """Returns the last message of a command from here that failed; empty for any other."""
        started = self._started.get(folder)
        stopped = 128 + getattr(signal, "SIGBREAK", signal.SIGINT)
        if started is None or started.process.poll() in (None, 0, stopped):
            return ""
        return self.messages(folder).rpartition("\n")[2]

    def failed(self) -> list[Path]:
        """Returns the folders of the commands from here that failed."""
        return [folder for folder in list(self._started) if self.failure(folder)]

    def running(self) -> dict[Path, int]:
        """Returns the processes from here that still run, by the folder of their run."""
        return {
            folder: started.process.pid
            for folder, started in self._started.items()
            if started.process.poll() is None
        }
