"""How long the threads of a training wait for a core."""

from __future__ import annotations

import time
from pathlib import Path
from typing import final

WATCHED_SECONDS = 5.0
"""Seconds of training after which the waits are judged."""
MAX_SHARE = 0.2
"""Share of the time that a thread may wait for a core before a run says so."""
TASKS = Path("/proc/self/task")


@final
class CoreWaits:
    """Notices once that the threads of this process wait for cores that other programs use.

    Threads that work on one step together wait for the slowest of them, so a busy core costs a run
    with several threads far more than one with a single thread.

    Args:
        threads: The threads of the run.
    """

    def __init__(self, threads: int) -> None:
        self.threads = threads
        self._started_at = time.monotonic()
        self._waited = waited_seconds() if threads > 1 else None

    def check(self) -> str:
        """Returns what to say, if the time has come and the threads have waited; mostly empty."""
        if self._waited is None:
            return ""
        elapsed = time.monotonic() - self._started_at
        if elapsed < WATCHED_SECONDS:
            return ""
        before, self._waited = self._waited, None
        now = waited_seconds()
        share = 0.0 if now is None else (now - before) / (elapsed * self.threads)
        if share <= MAX_SHARE:
            return ""
        return (
            f"the {self.threads} threads of this run wait {min(share, 1):.0%} of the time for a "
            "core, because other programs use the machine; a run with --threads 1 may be faster"
        )


def waited_seconds() -> float | None:
    """Returns the seconds that the threads of this process were ready and had no core.

    Returns:
        Their sum over all threads that still run; None where the system does not count them.
    """
    try:
        files = [task / "schedstat" for task in TASKS.iterdir()]
        # nanoseconds on a core, nanoseconds in wait for one, number of turns
        return sum(int(file.read_text("utf-8").split()[1]) for file in files) / 1e9
    except (OSError, ValueError, IndexError):  # not Linux, a kernel without it, an ended thread
        return None
