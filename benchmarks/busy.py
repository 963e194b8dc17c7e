"""Training beside other programs: tokens per second with other processes that occupy cores.

Threads that wait for each other by spinning lose most of their time where a core is taken, because
the thread that is waited for does not run. So the commands let them spin briefly, and
more briefly where other programs run when they start; this compares all three, and one thread, in
turns.

``python -m benchmarks.busy CASE CELL BACKEND THREADS`` is the process of one implementation.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.benchmark import Setup
from benchmarks.cases import Case
from benchmarks.levels import catalog_at
from benchmarks.measurement import Measurement, measurements
from benchmarks.timing import Work, interleave
from benchmarks.worker import Worker, serve
from benchmarks.zoo_run import ZooRun, backends
from zoo_cli.openmp import WAIT_VARIABLES, thread_waits

WIDTHS = {"small": 128, "large": 512}
"""The hidden width: the default of the models with an embedding, and that of case d2l."""
BUSY_CASES = {
    name: Case(
        name, 97, 32, width, 32, 64, "Adam", 1e-3, "embed", "python-docs", {"steps": 64}, 1000
    )
    for name, width in WIDTHS.items()
}
WAITS = {
    "spinning": {},
    "quiet spin": thread_waits(busy=False),
    "busy spin": thread_waits(busy=True),
}
"""How threads wait for each other: as OpenMP does by default, and as the commands set it."""
MAX_BUSY = 2
"""The most other processes."""


def busy(setup: Setup) -> Iterator[list[Measurement]]:
    """A GRU of two sizes in every backend, quiet and beside one and two busy processes."""
    for case in BUSY_CASES.values():
        with ExitStack() as stack:
            workers = {
                name: stack.enter_context(worker) for name, worker in _workers(setup, case).items()
            }
            ready = {name: worker for name, worker in workers.items() if worker.ready()}
            for count in range(MAX_BUSY + 1):
                with _busy_processes(count):
                    samples = interleave(ready, setup.effort)
                yield measurements("busy", f"{case.name} gru, {count} busy", "tokens/s", samples)


def _workers(setup: Setup, case: Case) -> dict[str, Worker]:
    clean = {name: value for name, value in os.environ.items() if name not in WAIT_VARIABLES}
    workers = {}
    for backend in backends(setup.catalog):
        arguments = ("benchmarks.busy", setup.level, case.name, "gru", backend)
        for wait, settings in WAITS.items():
            name = f"zoo {backend}, 2 threads, {wait}"
            workers[name] = Worker(*arguments, "2", environment=clean | settings)
        workers[f"zoo {backend}, 1 thread"] = Worker(*arguments, "1", environment=clean)
    return workers


@contextmanager
def _busy_processes(count: int) -> Iterator[None]:
    """Runs processes that compute all the time, inside a ``with`` block."""
    command = [sys.executable, "-c", "while True: pass"]
    processes = [subprocess.Popen(command, start_new_session=True) for _ in range(count)]
    try:
        yield
    finally:
        for process in processes:
            process.kill()
            process.wait()


def prepare(level: str, case: str, cell: str, backend: str, threads: int, folder: Path) -> Work:
    """Returns the steps of a training."""
    catalog = catalog_at(level)
    run_config = BUSY_CASES[case].run_config(catalog, cell, backend=backend)
    return ZooRun(catalog, replace(run_config, threads=threads), folder).steps


def _serve(level: str, case: str, cell: str, backend: str, threads: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        serve(lambda: prepare(level, case, cell, backend, int(threads), Path(folder)))


if __name__ == "__main__":
    _serve(*sys.argv[1:])
