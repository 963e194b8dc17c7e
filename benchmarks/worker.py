"""Work in a separate process, with memory and threads that no other work has used."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import final

from benchmarks.timing import Work


@final
class Worker:
    """A ``Work`` that the process ``python -m MODULE ARGUMENTS...`` does, which calls ``serve``.

    The process starts at once, so several can prepare at the same time.

    Args:
        module: The module to run.
        arguments: The words after it.
        environment: The whole environment of the process; None for that of this process.
    """

    def __init__(
        self, module: str, *arguments: str, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = " ".join((module, *arguments))
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
            env=environment,
            start_new_session=True,  # Ctrl+C goes to this process only
        )

    def __call__(self, count: int) -> float:
        """Does the work a number of times and returns the amount.

        Raises:
            RuntimeError: The process has ended.
        """
        assert self.process.stdin, "stdin and stdout are pipes"
        with suppress(BrokenPipeError):  # reading the answer raises then
            self.process.stdin.write(f"{count}\n")
            self.process.stdin.flush()
        return float(self._line())

    def ready(self) -> bool:
        """Waits until the process is prepared, and returns whether it can do the work.

        Raises:
            RuntimeError: The process has ended.
        """
        return self._line() == "ready"

    def _line(self) -> str:
        assert self.process.stdout, "stdin and stdout are pipes"
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with {self.process.wait()}")
        return line.strip()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:  # do not wait for the end of a turn
            self.process.terminate()
        self.process.communicate()


def serve(make: Callable[[], Work | None]) -> None:
    """Does work as many times as each line of stdin says, and prints the amount to stdout.

    All other output of the process goes to stderr.

    Args:
        make: Creates the work; returns None if it cannot be done here.
    """
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(2, 1)
        work = make()
        answers.write("ready\n" if work else "no\n")
        if work:
            for line in sys.stdin:
                answers.write(f"{work(int(line))}\n")
