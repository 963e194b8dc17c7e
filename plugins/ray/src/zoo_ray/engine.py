"""The engine ``ray``: the machines of a Ray cluster."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import final

from zoo_core.runtime.sweeps.engine import AbstractEngine, EngineOptions, Job, JobEvent
from zoo_core.storage.atomic import TEMPORARY
from zoo_ray.cluster import RayTasks, check_nodes
from zoo_ray.connection import ADDRESS, FIND, check_answers, connected
from zoo_ray.dispatch import Dispatch


@final
class RayEngine(AbstractEngine):
    """Trains each run in a task of Ray, with the cores of its threads and a GPU if it needs one.

    Where a worker sees the folder of the sweep, it trains into it, and a run whose worker dies
    continues from its saved state. Elsewhere it trains into a folder of its own, which is copied
    back at the end, and such a run begins again.

    Args:
        options: The most runs at once.
    """

    def __init__(self, options: EngineOptions) -> None:
        self.options = options

    def check(self) -> None:
        """Checks that there is a cluster at ``RAY_ADDRESS``.

        Raises:
            NetworkError: There is none.
            RefusedError: The address is that of the Ray Client, or none of a cluster.
        """
        address = os.environ.get(ADDRESS, "")
        check_answers(address)
        if address == FIND:  # Ray alone knows where it runs
            with connected(1):
                pass

    def run(
        self, jobs: Sequence[Job], should_stop: Callable[[], bool]
    ) -> Iterator[JobEvent | None]:
        """Carries out jobs, see ``AbstractEngine.run``.

        Raises:
            DeviceError: No node has the cores and GPUs that a run asks for.
            NetworkError: The cluster does not answer.
            RefusedError: What is installed on a worker differs from what is installed here.
        """
        if not jobs:
            return
        folder = jobs[0].folder.absolute().parent
        _remove_incoming(folder)
        with connected(jobs[0].run_config.threads):
            is_shared = check_nodes(jobs[0])
            if should_stop():
                return
            tasks = RayTasks(folder, is_shared=is_shared)
            with contextlib.closing(tasks):
                yield from Dispatch(tasks, self.options.jobs).run(jobs, should_stop)


def _remove_incoming(folder: Path) -> None:
    """Removes what a killed process was receiving."""
    for path in folder.glob(".*.tmp"):
        if TEMPORARY.fullmatch(path.name) and path.is_dir():
            shutil.rmtree(path, ignore_errors=True)
