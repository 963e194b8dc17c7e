"""An engine that trains in the process of the test, which saves the imports of a worker."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import final

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


@final
class InProcessEngine(AbstractEngine):
    """Trains one run after another, in the order in which they are handed over.

    Args:
        processes: Must be 1.
        reuse: Without a meaning here.
    """

    def __init__(self, processes: int = 1, *, reuse: bool = True) -> None:
        assert processes == 1

    def run(
        self, jobs: Sequence[Job], should_stop: Callable[[], bool]
    ) -> Iterator[JobEvent | None]:
        """Carries out jobs."""
        for job in jobs:
            if should_stop():
                return
            yield JobStarted(job)
            try:
                with lock_run_folder(job.folder):
                    run = begin_or_resume(load_catalog(), job)
                    assert run is not None, "only what is missing is handed over"
                    for event in run.events():
                        if isinstance(event, RunEvent):
                            yield JobAdvanced(job, event)
            except ZooError as error:
                yield JobEnded(job, "failed", str(error), error.exit_code)
            else:
                yield JobEnded(job, "finished")
