"""Handing jobs to a cluster, a bounded number at once, and taking what its tasks send."""

from __future__ import annotations

import contextlib
import time
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple, final

from zoo_core.errors import IntegrityError, RefusedError, TargetError, ZooError
from zoo_core.runtime.sweeps.engine import (
    Job,
    JobEnded,
    JobEvent,
    JobMessage,
    JobStarted,
)
from zoo_core.runtime.sweeps.messages import event_from_line
from zoo_ray.parcels import Parcel
from zoo_ray.run_files import RunReceiver

AHEAD = 8
"""Tasks that wait in the cluster beside those that there is room for, so that no worker waits for
the driver and a cluster that grows sees that it should."""
RETRIES = 3
"""Times that a run is handed out again after its worker died."""
POLL = 0.1
"""Seconds to wait for a parcel before the caller gets the control."""
STOP_SECONDS = 120.0
"""Seconds to wait for runs that save, where nobody asks for events any more."""


@final
class Death(NamedTuple):
    """The end of a task whose worker died.

    Args:
        reason: What Ray says about it, in one line.
    """

    reason: str


@final
class Fault(NamedTuple):
    """The end of a task that raised an error.

    Args:
        reason: The error, in one line.
    """

    reason: str


class AbstractTasks(ABC):
    """Tasks in a cluster, each known by a number."""

    @abstractmethod
    def count_slots(self) -> int:
        """Returns how many runs the cluster has room for at present, and at least 1."""

    @abstractmethod
    def submit(self, job: Job) -> int:
        """Hands a job to the cluster and returns the number of its task."""

    @abstractmethod
    def wait(self, timeout: float) -> list[tuple[int, Parcel | Death | Fault]]:
        """Returns what tasks have sent.

        Args:
            timeout: The most seconds to wait for something.
        """

    @abstractmethod
    def stop(self) -> None:
        """Asks every task to save and to end, and those that have not begun not to begin."""

    @abstractmethod
    def abandon(self, number: int) -> None:
        """Ends a task that is not waited for any more."""


@final
class _Flight:
    """A job in the cluster.

    Args:
        job: The job.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.deaths = 0
        self.is_dead = False
        self.is_shown = False
        self.is_running = False
        self.is_shared = False
        self.receiver = RunReceiver(job.folder)
        self._fault: ZooError | None = None

    def receive(self, parcel: Parcel) -> None:
        """Takes a part of a file of the run."""
        if self._fault is None:
            try:
                self.receiver.add(parcel)
            except (IntegrityError, TargetError) as error:
                self._fault = error

    def land(self, ended: JobEnded) -> JobEnded:
        """Puts the files of the run into place; returns the end of the job."""
        try:
            if self._fault is not None:
                raise self._fault
            self.receiver.finish()
        except (IntegrityError, TargetError) as error:
            return JobEnded(self.job, "failed", str(error), error.exit_code)
        finally:
            self.receiver.discard()
        return ended


@final
class Dispatch:
    """Carries out jobs by tasks.

    Args:
        tasks: The cluster.
        limit: The most runs at once; 0 for as many as there is room for.
    """

    def __init__(self, tasks: AbstractTasks, limit: int = 0) -> None:
        self._tasks, self._limit = tasks, limit
        self._flights: dict[int, _Flight] = {}

    def run(
        self, jobs: Sequence[Job], should_stop: Callable[[], bool]
    ) -> Iterator[JobEvent | None]:
        """Carries out jobs, see ``AbstractEngine.run``.

        Raises:
            RefusedError: What is installed on a worker that joined later differs.
        """
        waiting = deque(jobs)
        again: deque[_Flight] = deque()
        is_stopping = False
        try:
            while waiting or again or self._flights:
                if not is_stopping and should_stop():
                    is_stopping = True
                    waiting.clear()
                    self._tasks.stop()
                if is_stopping:
                    yield from self._end_dead(again)
                    if not any(flight.is_running for flight in self._flights.values()):
                        return
                room = self._room()
                while (waiting or again) and len(self._flights) < room:
                    self._submit(again.popleft() if again else _Flight(waiting.popleft()))
                arrivals = self._tasks.wait(POLL)
                for number, arrival in arrivals:
                    flight = self._flights[number]
                    yield from self._take(number, flight, arrival)
                    if number not in self._flights and flight.is_dead:
                        again.append(flight)
                if not arrivals:
                    yield None
        finally:
            self._close()

    def _room(self) -> int:
        """Returns how many tasks there may be in the cluster."""
        room = self._tasks.count_slots() + AHEAD
        return min(room, self._limit) if self._limit else room

    def _submit(self, flight: _Flight) -> None:
        flight.is_dead = flight.is_running = False
        self._flights[self._tasks.submit(flight.job)] = flight

    def _take(
        self, number: int, flight: _Flight, arrival: Parcel | Death | Fault
    ) -> Iterator[JobEvent]:
        """Takes what a task has sent; the flight ends with the task.

        Raises:
            RefusedError: What is installed on the worker differs.
        """
        job = flight.job
        match arrival:
            case Death():
                del self._flights[number]
                flight.receiver.discard()
                flight.receiver = RunReceiver(job.folder)
                flight.deaths += 1
                if flight.deaths > RETRIES:
                    reason = f"its worker died {flight.deaths} times: {arrival.reason}"
                    yield JobEnded(job, "failed", reason, ZooError.exit_code)
                    return
                flight.is_dead = True
                if flight.is_shown:
                    next_step = "continues" if flight.is_shared else "begins again"
                    text = f"its worker died ({flight.deaths}): {arrival.reason}; it {next_step}"
                    yield JobMessage(job, text)
            case Fault():
                del self._flights[number]
                flight.receiver.discard()
                yield from self._show(flight)
                yield JobEnded(job, "failed", arrival.reason, ZooError.exit_code)
            case Parcel(kind="refused"):
                del self._flights[number]
                if reason := arrival.values["reason"]:
                    raise RefusedError(differs(reason))
            case Parcel(kind="begun"):
                flight.is_running, flight.is_shared = True, arrival.values["is_shared"]
                yield from self._show(flight)
            case Parcel(kind="events"):
                for line in arrival.payload.splitlines():
                    yield event_from_line(job, line)
            case Parcel(kind="file"):
                flight.receive(arrival)
            case Parcel(kind="ended"):
                del self._flights[number]
                ended = event_from_line(job, arrival.payload)
                assert isinstance(ended, JobEnded)
                yield flight.land(ended)

    def _show(self, flight: _Flight) -> Iterator[JobStarted]:
        if not flight.is_shown:
            flight.is_shown = True
            yield JobStarted(flight.job)

    def _end_dead(self, again: deque[_Flight]) -> Iterator[JobEnded]:
        """Ends the jobs that began and whose worker died while the sweep stops."""
        while again:
            flight = again.popleft()
            if flight.is_shown:
                yield JobEnded(flight.job, "interrupted")

    def _close(self) -> None:
        """Waits for the runs that save, where nobody asks for events any more; ends the rest."""
        if self._flights:
            self._tasks.stop()
        deadline = time.monotonic() + STOP_SECONDS
        while any(flight.is_running for flight in self._flights.values()):
            if time.monotonic() > deadline:
                break
            for number, arrival in self._tasks.wait(POLL):
                with contextlib.suppress(ZooError):
                    for _ in self._take(number, self._flights[number], arrival):
                        pass
        for number, flight in self._flights.items():
            self._tasks.abandon(number)
            flight.receiver.discard()
        self._flights.clear()


def differs(reason: str) -> str:
    """Returns the message about a worker whose environment differs.

    Args:
        reason: The machine and what differs.
    """
    return f"the worker on {reason}; install the same versions there"
