"""A worker: a process that carries out jobs, ``python -m zoo_core.runtime.sweeps.worker``.

It reads a job per line from stdin and writes events to stdout. It stops when stdin ends, so that it
also stops when its parent is killed: it saves a whole step, and the folder is free for the next
sweep.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import signal
import threading
import time
from collections.abc import Callable
from typing import TextIO, TypeAlias, final

from zoo_core.errors import ZooError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.failures import describe_failure
from zoo_core.run_folder.lock import lock_run_folder
from zoo_core.runtime.sweeps.engine import (
    Job,
    JobAdvanced,
    JobEnded,
    JobMessage,
    RunEvent,
)
from zoo_core.runtime.sweeps.messages import event_to_line, job_from_line
from zoo_core.runtime.training.events import Evaluated, Event, Stepped
from zoo_core.storage.capacity import memory_errors

LOCK_SECONDS = 60.0
"""Seconds to wait for the worker of a killed sweep, which saves and ends."""
INTERVAL = 0.2
"""Least seconds between two events that only show progress."""
STDIN = 0
WriteLine: TypeAlias = Callable[[str], None]


@final
class _Reporter:
    """Passes the events of a job on.

    Args:
        write: Receives the lines of ``event_to_line``.
        job: The job.
    """

    def __init__(self, write: WriteLine, job: Job) -> None:
        self._write, self._job = write, job
        self._last = 0.0

    def show(self, event: Event) -> None:
        """Passes an event of the run on, unless it only shows progress and comes too early."""
        if not isinstance(event, RunEvent):
            return
        now = time.monotonic()
        if isinstance(event, Stepped | Evaluated) and now - self._last < INTERVAL:
            return
        self._last = now
        self._write(event_to_line(JobAdvanced(self._job, event)))

    def say(self, text: str) -> None:
        """Passes a message on."""
        self._write(event_to_line(JobMessage(self._job, text)))


@final
class _Messages(logging.Handler):
    """Passes the core's messages on.

    Args:
        say: Receives a line.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        super().__init__()
        self._say = say

    def emit(self, record: logging.LogRecord) -> None:
        """Passes a message on."""
        self._say(" ".join(record.getMessage().split("\n")))


def main() -> None:
    """Carries out the jobs of stdin."""
    stream = _take_stdout()
    stop = threading.Event()
    _stop_on_signals(stop)
    lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_read_lines, args=(lines, stop), daemon=True).start()

    def write(line: str) -> None:
        with contextlib.suppress(OSError, ValueError):  # without a parent, the job stops
            stream.write(line)
            stream.flush()

    while line := lines.get():
        job = job_from_line(line)
        write(event_to_line(carry_out(job, stop, write)))


def carry_out(job: Job, stop: threading.Event, write: WriteLine) -> JobEnded:
    """Carries out a job; a failure is in the outcome.

    Args:
        job: The job.
        stop: Set when the job is to save a whole step and to end.
        write: Receives the lines of ``event_to_line``, except that of the end.
    """
    reporter = _Reporter(write, job)
    handler = _Messages(reporter.say)
    logger = logging.getLogger("zoo_core")
    level = logger.level
    logger.setLevel(logging.INFO)
    logger.addHandler(handler)
    try:
        return _outcome(job, stop, reporter)
    finally:
        logger.removeHandler(handler)
        logger.setLevel(level)


def _outcome(job: Job, stop: threading.Event, reporter: _Reporter) -> JobEnded:
    try:
        with memory_errors("choose smaller sizes"):
            is_finished = _train(job, stop, reporter)
    except ZooError as error:
        return JobEnded(job, "failed", " ".join(str(error).split()), error.exit_code)
    except Exception as error:
        if os.environ.get("ZOO_DEBUG") == "1":
            logging.getLogger("zoo_core").exception("%s", job.name)
        return JobEnded(job, "failed", describe_failure(error), ZooError.exit_code)
    return JobEnded(job, "finished" if is_finished else "interrupted")


def _train(job: Job, stop: threading.Event, reporter: _Reporter) -> bool:
    """Trains to the end, or until it is to stop; returns whether it came to the end."""
    from zoo_core.runtime.hardware.allocator import keep_freed_memory
    from zoo_core.runtime.sweeps.runs import begin_or_resume

    keep_freed_memory()
    with lock_run_folder(job.folder, timeout=LOCK_SECONDS):
        if stop.is_set():
            return False
        run = begin_or_resume(load_catalog(), job)
        if run is None:
            return True
        events = run.events()
        for event in events:
            reporter.show(event)
            if stop.is_set() and isinstance(event, Stepped | Evaluated):
                try:
                    # thrown in between two batches, so that a whole step is saved
                    events.throw(KeyboardInterrupt())
                except KeyboardInterrupt:
                    return False
    return True


def _take_stdout() -> TextIO:
    """Returns stdout for events alone; what anything else prints goes to stderr."""
    stream = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    return stream


def _read_lines(lines: queue.SimpleQueue[bytes], stop: threading.Event) -> None:
    """Reads the jobs; at the end of stdin comes an empty line, and the present job stops.

    The file descriptor is read, as a thread that waits for ``sys.stdin`` would hold its lock when
    Python exits.
    """
    data = b""
    while chunk := os.read(STDIN, 65536):
        *complete, data = (data + chunk).split(b"\n")
        for line in complete:
            lines.put(line)
    stop.set()
    lines.put(b"")


def _stop_on_signals(stop: threading.Event) -> None:
    for name in ("SIGINT", "SIGTERM", "SIGHUP"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), lambda number, frame: stop.set())


if __name__ == "__main__":
    main()
