"""Training and text beside other programs: with other processes that occupy cores.

Threads that wait for each other by spinning lose most of their time where a core is taken, because
the thread that is waited for does not run. So the commands let them spin briefly, and more briefly
where other programs run when they start; this compares all three, and one thread, in turns. The
threads of a text wait for each other at every symbol, and their number is chosen while it is made.

``python -m benchmarks.busy LEVEL CASE CELL BACKEND THREADS WORK`` is the process of one
implementation, whose work is ``steps`` or ``text``.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from benchmarks.benchmark import Setup
from benchmarks.cases import Case
from benchmarks.generation import LENGTH, texts
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
    """A GRU of two sizes, quiet and beside one and two busy processes: all backends, and text."""
    for case in BUSY_CASES.values():
        name = f"{case.name} gru"
        yield from _beside(setup, name, "tokens/s", partial(_training_workers, setup, case))
        yield from _beside(setup, f"{name}, text", "symbols/s", partial(_text_workers, setup, case))


def _beside(
    setup: Setup, name: str, unit: str, workers: Callable[[], dict[str, Worker]]
) -> Iterator[list[Measurement]]:
    counts = [count for count in range(MAX_BUSY + 1) if setup.wants(f"{name}, {count} busy")]
    if not counts:
        return
    with ExitStack() as stack:
        entered = {each: stack.enter_context(worker) for each, worker in workers().items()}
        ready = {each: worker for each, worker in entered.items() if worker.ready()}
        for count in counts:
            with _busy_processes(count):
                samples = interleave(ready, setup.effort)
            yield measurements("busy", f"{name}, {count} busy", unit, samples)


def _training_workers(setup: Setup, case: Case) -> dict[str, Worker]:
    workers = {}
    for backend in backends(setup.catalog):
        arguments = ("benchmarks.busy", setup.level, case.name, "gru", backend)
        for wait, settings in WAITS.items():
            name = f"zoo {backend}, 2 threads, {wait}"
            environment = _clean_environment() | settings
            workers[name] = Worker(*arguments, "2", "steps", environment=environment)
        name = f"zoo {backend}, 1 thread"
        workers[name] = Worker(*arguments, "1", "steps", environment=_clean_environment())
    return workers


def _text_workers(setup: Setup, case: Case) -> dict[str, Worker]:
    """One process that may use two threads, and one that may not."""
    arguments = ("benchmarks.busy", setup.level, case.name, "gru", "native")
    environment = _clean_environment() | WAITS["busy spin"]
    return {
        f"zoo native, {name}": Worker(*arguments, threads, "text", environment=environment)
        for name, threads in (("1 thread", "1"), ("up to 2 threads", "2"))
    }


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in WAIT_VARIABLES}


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


def prepare(
    level: str, case: str, cell: str, backend: str, threads: int, work: str, folder: Path
) -> Work:
    """Returns the steps of a training, or texts."""
    catalog = catalog_at(level)
    run_config = BUSY_CASES[case].run_config(catalog, cell, backend=backend)
    run = ZooRun(catalog, replace(run_config, threads=threads), folder)
    torch.set_num_threads(threads)  # of a text; a training sets its own
    return run.steps if work == "steps" else texts(run.generate, LENGTH)


def _serve(level: str, case: str, cell: str, backend: str, threads: str, work: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        serve(lambda: prepare(level, case, cell, backend, int(threads), work, Path(folder)))


if __name__ == "__main__":
    _serve(*sys.argv[1:])
