"""Work that another process does, with memory and threads that no other work has used."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import final

from benchmarks.timing import Work


@final
class Worker:
    """``python -m MODULE ARGUMENTS...``, whose process calls ``serve``; a ``Work`` for as long.

    The process begins at once, so that several may get ready together.
    """

    def __init__(self, module: str, *arguments: str) -> None:
        self.name = " ".join((module, *arguments))
        self.process = subprocess.Popen(
            [sys.executable, "-m", module, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
            start_new_session=True,  # Ctrl+C is for whoever asks
        )

    def __call__(self, count: int) -> float:
        """How much came of doing it so many times.

        Raises:
            RuntimeError: The process has ended.
        """
        assert self.process.stdin, "it is a pipe"
        with suppress(BrokenPipeError):  # the answer tells
            self.process.stdin.write(f"{count}\n")
            self.process.stdin.flush()
        return float(self._line())

    def ready(self) -> bool:
        """Whether there is such a work, once its process knows.

        Raises:
            RuntimeError: The process has ended without a word.
        """
        return self._line() == "ready"

    def _line(self) -> str:
        assert self.process.stdout, "it is a pipe"
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with {self.process.wait()}")
        return line.strip()

    def __enter__(self) -> Worker:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        if kind is not None:  # nobody waits for the end of its turn
            self.process.terminate()
        self.process.communicate()


def serve(make: Callable[[], Work | None]) -> None:
    """Makes work, and does as much of it as each line of stdin asks for, until nobody asks.

    What is printed meanwhile goes to stderr, so that stdout holds the answers alone.

    Args:
        make: Gives None if it cannot be done here.
    """
    with os.fdopen(os.dup(1), "w", buffering=1) as answers:
        os.dup2(2, 1)
        work = make()
        answers.write("ready\n" if work else "no\n")
        if work:
            for line in sys.stdin:
                answers.write(f"{work(int(line))}\n")
