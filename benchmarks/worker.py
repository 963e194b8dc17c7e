"""Work that another process does, with memory and threads that no other work has used."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
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

    def __exit__(self, *_: object) -> None:
        self.process.communicate()


def serve(work: Work | None, asked: Iterable[str], answer: Callable[[str], None]) -> None:
    """Does work until nobody asks any more.

    Args:
        work: What to do; None if it cannot be done here.
        asked: A count each.
        answer: Takes ``ready`` or ``no``, then how much came of each count.
    """
    answer("ready" if work else "no")
    if work:
        for line in asked:
            answer(str(work(int(line))))
