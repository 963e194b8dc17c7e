"""An engine that trains in the process of the test, which saves the imports of a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar, final

from zoo_core.errors import ZooError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.run_folder.lock import lock_run_folder
from zoo_core.runtime.sweeps.engine import (
    AbstractEngine,
    Job,
    JobAdvanced,
    JobEnded,
    JobEvent,
    JobStarted,
    RunEvent,
)
from zoo_core.runtime.sweeps.runs import begin_or_resume
from zoo_core.runtime.training.events import Stepped


@final
class InProcessEngine(AbstractEngine):
    """Trains one run after another; ``started`` holds the names of the runs that it has begun.

    Args:
        processes: The most runs at once; here one, whatever it is.
        reuse: Without a meaning here.
        lack: What the engine lacks, if anything.
    """

    is_local: ClassVar[bool] = True

    def __init__(
        self, processes: int = 1, *, reuse: bool = True, lack: ZooError | None = None
    ) -> None:
        self.started: list[str] = []
        self._lack = lack

    def check(self) -> None:
        if self._lack:
            raise self._lack

    def run(
        self, jobs: Sequence[Job], should_stop: Callable[[], bool]
    ) -> Iterator[JobEvent | None]:
        for job in jobs:
            if should_stop():
                return
            self.started.append(job.name)
            yield JobStarted(job)
            try:
                yield from self._train(job, should_stop)
            except ZooError as error:
                yield JobEnded(job, "failed", str(error), error.exit_code)

    def _train(self, job: Job, should_stop: Callable[[], bool]) -> Iterator[JobEvent | None]:
        with lock_run_folder(job.folder):
            run = begin_or_resume(load_catalog(), job)
            assert run is not None
            events = run.events()
            for event in events:
                if isinstance(event, RunEvent):
                    yield JobAdvanced(job, event)
                if should_stop() and isinstance(event, Stepped):
                    try:
                        events.throw(KeyboardInterrupt())
                    except KeyboardInterrupt:
                        yield JobEnded(job, "interrupted")
                        return
        yield JobEnded(job, "finished")
