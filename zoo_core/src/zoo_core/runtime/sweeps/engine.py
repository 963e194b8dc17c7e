"""Engines: what trains the runs of a sweep, on this machine or elsewhere."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import ClassVar, Literal, NamedTuple, TypeAlias, final

from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.training.events import EpochEnded, Evaluated, Started, Stepped

Outcome: TypeAlias = Literal["finished", "interrupted", "failed"]
RunEvent: TypeAlias = Started | Stepped | Evaluated | EpochEnded
"""The events of a run that an engine passes on."""


@final
class Job(NamedTuple):
    """A run to carry out: a new one, or one that is interrupted and continues.

    Args:
        name: Its name, which is that of its folder.
        folder: The checkpoint folder.
        run_config: Everything that decides the run.
        extends_vocabulary: Whether new symbols of the data are added to the vocabulary of the
            checkpoint that the run starts from.
        loggers: The names of what receives the events beside the caller; none for those that an
            interrupted run began with.
    """

    name: str
    folder: Path
    run_config: RunConfig
    extends_vocabulary: bool = False
    loggers: tuple[str, ...] = ()


@final
class JobStarted(NamedTuple):
    """A job was handed to a process."""

    job: Job


@final
class JobAdvanced(NamedTuple):
    """The run of a job has an event."""

    job: Job
    event: RunEvent


@final
class JobMessage(NamedTuple):
    """The run of a job has a message for the user, such as a warning."""

    job: Job
    text: str


@final
class JobEnded(NamedTuple):
    """A job is over.

    Args:
        job: The job.
        outcome: ``finished``, ``interrupted`` with a saved state, or ``failed``.
        reason: What failed, in one line; otherwise empty.
        exit_code: The exit code of the failure; 0 if there is none.
    """

    job: Job
    outcome: Outcome
    reason: str = ""
    exit_code: int = 0


JobEvent: TypeAlias = JobStarted | JobAdvanced | JobMessage | JobEnded


@final
class EngineOptions(NamedTuple):
    """What an engine is made with.

    Args:
        jobs: The most runs at once; 0 for one on this machine, and elsewhere for as many as there
            is room for.
        reuse: Whether a process may train several runs, one after another.
    """

    jobs: int = 0
    reuse: bool = True


class AbstractEngine(ABC):
    """Carries out jobs."""

    is_local: ClassVar[bool] = False
    """Whether it trains on this machine. Then runs share its cores, and the times of runs that take
    turns compare."""

    def check(self) -> None:  # noqa: B027  # most engines need nothing
        """Checks that what the engine needs is there, before any progress is shown.

        It is called where there are jobs, and takes seconds at most.

        Raises:
            ZooError: Something is not there.
        """

    @abstractmethod
    def run(
        self, jobs: Sequence[Job], should_stop: Callable[[], bool]
    ) -> Iterator[JobEvent | None]:
        """Carries out jobs; those that run at once have different folders.

        A job whose folder holds a saved state continues from it. A job that fails does not affect
        the others. If the iterator is closed, every job is stopped as by ``should_stop``.

        Args:
            jobs: The jobs, in the order in which they should begin.
            should_stop: Whether to stop: jobs that run save a whole step and end as interrupted,
                and no other job begins. It is asked a few times per second.

        Yields:
            For each job that begins ``JobStarted``, the rest, and ``JobEnded``. In between, None a
            few times per second, so that the caller gets the control.
        """
