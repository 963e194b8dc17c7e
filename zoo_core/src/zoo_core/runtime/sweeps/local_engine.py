"""The engine ``local``: processes on this machine."""

from __future__ import annotations

import contextlib
import queue
import signal
import subprocess
import sys
import threading
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, NamedTuple, TypeAlias, final

from zoo_core.errors import ZooError
from zoo_core.processes import start_apart
from zoo_core.runtime.sweeps.engine import (
    AbstractEngine,
    EngineOptions,
    Job,
    JobEnded,
    JobEvent,
    JobStarted,
)
from zoo_core.runtime.sweeps.messages import event_from_line, job_to_line

POLL = 0.1
"""Seconds to wait for an event before the caller gets the control."""
MODULE = "zoo_core.runtime.sweeps.worker"
TAIL = 20
"""Lines of a worker's stderr that are kept."""
LAST_WORDS = 1.0
"""Seconds to wait for its last lines when it has ended; what it started may hold its streams."""


@final
class LocalEngine(AbstractEngine):
    """Trains a number of runs at once, each in a process that trains one run after another.

    A run that fails, is killed or takes all memory ends its process alone; the next run has a new
    one.

    Args:
        processes: The most runs at once.
        reuse: Whether a process trains several runs, which saves the seconds in which a process
            imports torch. Without it every run is the first of its process, so that the speeds of
            short runs compare.
    """

    is_local: ClassVar[bool] = True

    def __init__(self, processes: int = 1, *, reuse: bool = True) -> None:
        self.processes, self.reuse = processes, reuse

    def run(
        self, jobs: Sequence[Job], should_stop: Callable[[], bool]
    ) -> Iterator[JobEvent | None]:
        """Carries out jobs, see ``AbstractEngine.run``."""
        waiting = deque(jobs)
        events: _Arrivals = queue.SimpleQueue()
        busy: list[_Worker] = []
        idle: list[_Worker] = []
        try:
            while busy or waiting:
                if should_stop():
                    waiting.clear()
                    for worker in busy:
                        worker.stop()
                while waiting and len(busy) < self.processes:
                    job = waiting.popleft()
                    worker = _living_worker(idle) or _Worker(events)
                    worker.begin(job)
                    busy.append(worker)
                    yield JobStarted(job)
                try:
                    worker, event = events.get(timeout=POLL)
                except queue.Empty:
                    yield None
                    continue
                if isinstance(event, JobEnded) and worker in busy:
                    busy.remove(worker)
                    if self.reuse and waiting and event.outcome == "finished":
                        idle.append(worker)
                    else:
                        worker.close()
                yield event
        finally:
            for worker in (*busy, *idle):
                worker.stop()
            for worker in (*busy, *idle):
                worker.close()


def local_engine(options: EngineOptions) -> LocalEngine:
    """Returns the engine ``local``."""
    return LocalEngine(max(1, options.jobs), reuse=options.reuse)


def _living_worker(idle: list[_Worker]) -> _Worker | None:
    """Takes a worker that waits for a job; those that were killed meanwhile are closed."""
    while idle:
        worker = idle.pop()
        if worker.is_alive:
            return worker
        worker.close()
    return None


@final
class _Worker:
    """A process that carries out jobs, and the threads that read what it writes.

    Args:
        events: Receives the events of its jobs. The last one of a job is ``JobEnded``, however the
            process ends.
    """

    def __init__(self, events: _Arrivals) -> None:
        self._events = events
        self._job: Job | None = None
        self._has_ended = False
        self._lock = threading.Lock()  # of the job and of whether the process has ended
        self._process = start_apart(
            [sys.executable, "-m", MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self._tail: deque[str] = deque(maxlen=TAIL)
        self._tail_thread = threading.Thread(target=self._keep_tail, daemon=True)
        self._event_thread = threading.Thread(target=self._read_events, daemon=True)
        self._end_thread = threading.Thread(target=self._wait_for_end, daemon=True)
        for thread in (self._tail_thread, self._event_thread, self._end_thread):
            thread.start()

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.poll() is None

    def begin(self, job: Job) -> None:
        """Hands a job to the process, which has none."""
        with self._lock:
            has_ended = self._has_ended
            self._job = None if has_ended else job
        if has_ended:  # just now, so that no job was found then
            self._report_death(job)
            return
        assert self._process.stdin
        with contextlib.suppress(OSError):  # it has died, which is reported at its end
            self._process.stdin.write(job_to_line(job))
            self._process.stdin.flush()

    def stop(self) -> None:
        """Tells the process to save a whole step and to end."""
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()

    def close(self) -> None:
        """Waits for the end of the process."""
        self.stop()
        self._end_thread.join()

    def _keep_tail(self) -> None:
        assert self._process.stderr
        with self._process.stderr as lines:
            for line in lines:
                self._tail.append(line.decode(errors="replace").rstrip())

    def _read_events(self) -> None:
        assert self._process.stdout
        with self._process.stdout as lines:
            for line in lines:
                self._read_event(line)

    def _read_event(self, line: bytes) -> None:
        with self._lock:
            if (job := self._job) is None:
                return
            with contextlib.suppress(ValueError):  # it died in the middle of a line
                event = event_from_line(job, line)
                if isinstance(event, JobEnded):
                    self._job = None
                self._events.put(_Arrival(self, event))

    def _wait_for_end(self) -> None:
        self._process.wait()
        for thread in (self._event_thread, self._tail_thread):
            thread.join(LAST_WORDS)
        with self._lock:
            self._has_ended, job = True, self._job
            self._job = None  # what another process still writes is not of it
        if job:
            self._report_death(job)

    def _report_death(self, job: Job) -> None:
        reason = self._describe_death(self._process.wait())
        self._events.put(_Arrival(self, JobEnded(job, "failed", reason, ZooError.exit_code)))

    def _describe_death(self, code: int) -> str:
        """Describes a process that ended without a word."""
        if code >= 0:
            last = next((line for line in reversed(tuple(self._tail)) if line), "")
            return f"its process ended with exit code {code}{f': {last}' if last else ''}"
        try:
            name = signal.Signals(-code).name
        except ValueError:  # most signals of real time have no name
            name = f"signal {-code}"
        hint = ", perhaps because memory ran out" if name == "SIGKILL" else ""
        return f"its process was ended by {name}{hint}"


@final
class _Arrival(NamedTuple):
    """An event and the worker that it comes from."""

    worker: _Worker
    event: JobEvent


_Arrivals: TypeAlias = "queue.SimpleQueue[_Arrival]"
