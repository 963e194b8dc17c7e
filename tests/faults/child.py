"""The command line in a forked process that tests can kill or limit.

A fork takes a fraction of a second; a new Python would import torch first.
"""

from __future__ import annotations

import os
import resource
import signal
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import final

from tests.cli.command import Result
from zoo_cli.main import run


@final
class Child:
    """A running command, whose output goes to files.

    Args:
        folder: The folder of the files.
        arguments: The arguments of the command.
        before: Called in the process before the command.
    """

    def __init__(
        self, folder: Path, arguments: tuple[object, ...], before: Callable[[], object]
    ) -> None:
        folder.mkdir(parents=True)
        self._files = [folder / "stdout", folder / "stderr"]
        for file in self._files:
            file.touch()
        reader, writer = os.pipe()
        with warnings.catch_warnings():  # from 3.12 on, of locks that other threads might hold
            warnings.simplefilter("ignore", DeprecationWarning)
            self.pid = os.fork()
        if not self.pid:
            code = 1
            try:
                os.write(writer, b".")
                os.close(reader)
                os.close(writer)
                self._redirect()
                signal.signal(signal.SIGHUP, signal.SIG_DFL)  # where the tests run under nohup
                before()
                code = run([str(argument) for argument in arguments])
                sys.stdout.flush()
            except KeyboardInterrupt:  # sent before the command handles signals, or after its end
                code = 128 + signal.SIGINT
            finally:
                os._exit(code)
        os.close(writer)
        os.read(reader, 1)  # a signal that comes while Python forks would be lost
        os.close(reader)

    def _redirect(self) -> None:
        for descriptor, file in enumerate(self._files, start=1):
            os.dup2(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), descriptor)
        sys.stdout, sys.stderr = (os.fdopen(number, "w", buffering=1) for number in (1, 2))

    def send(self, number: int) -> None:
        """Sends a signal to the process."""
        os.kill(self.pid, number)

    def wait(self, seconds: float = 60) -> Result:
        """Waits for the end of the command and returns its result.

        Raises:
            AssertionError: The command was still running after the time, and was killed.
        """
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                code = os.waitstatus_to_exitcode(status)
                return Result(code, *(file.read_text() for file in self._files))
            time.sleep(0.005)
        self.send(signal.SIGKILL)
        os.waitpid(self.pid, 0)
        raise AssertionError(f"still running: {self._files[1].read_text()}")


def no_longer_files_than(size: int) -> Callable[[], object]:
    """Returns what makes writes beyond a number of bytes fail, as on a full disk."""

    def limit() -> None:
        sys.dont_write_bytecode = True  # Python would keep the truncated bytecode of its imports
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    return limit


def no_more_memory_than(size: int) -> Callable[[], object]:
    """Returns what limits the process to a number of further bytes of memory."""

    def limit() -> None:
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + size, used + size))

    return limit


def at(event: str, name: str, action: Callable[[], object]) -> Callable[[], object]:
    """Returns what calls an action before an audit event on a file of that name."""

    def hook(current: str, arguments: tuple[object, ...]) -> None:
        if current == event and any(str(argument).endswith(name) for argument in arguments):
            action()

    return lambda: sys.addaudithook(hook)


def killed_at(event: str, name: str) -> Callable[[], object]:
    """Returns what kills the process with SIGKILL before an event on a file of that name."""
    return at(event, name, lambda: os.kill(os.getpid(), signal.SIGKILL))
