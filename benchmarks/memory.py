"""The memory of a run, measured in a separate process, which holds nothing else.

``python -m benchmarks.memory FOLDER`` trains, and prints a line with its bytes of memory after each
of ``EPOCHS``.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path

from benchmarks.cases import CASES
from benchmarks.zoo_run import ZooRun
from zoo_core.plugins.catalog import load_catalog

EPOCHS = (20, 40, 80)
"""The first epochs are for what is created once, and for the allocator to reach its size."""
HIDDEN = 256
"""A copy of the model is 320 kB: small beside torch, large beside the allocator's reserve."""


def resident_megabytes(folder: Path) -> list[float]:
    """Megabytes in memory after each of ``EPOCHS``, in a separate process.

    Raises:
        CalledProcessError: The process failed.
    """
    command = [sys.executable, "-m", "benchmarks.memory", str(folder)]
    completed = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [int(line) / 1e6 for line in completed.stdout.split()]


def kilobytes_per_epoch(megabytes: Sequence[float]) -> float:
    """Kilobytes that an epoch adds, from the megabytes after ``EPOCHS``."""
    return 1000 * (megabytes[-1] - megabytes[0]) / (EPOCHS[-1] - EPOCHS[0])


def _train(folder: Path) -> Iterator[int]:
    catalog = load_catalog()
    run = ZooRun(
        catalog, CASES["d2l"].run_config(catalog, "rnn", model={"hidden_size": HIDDEN}), folder
    )
    batches = run.run.loop.batch_count(1)
    for before, after in pairwise((0, *EPOCHS)):
        run.steps((after - before) * batches)
        yield _resident_bytes()


def _resident_bytes() -> int:
    """Resident bytes without file-backed pages, which the system loads and drops as it likes."""
    _, resident, shared, *_ = map(int, Path("/proc/self/statm").read_text("utf-8").split())
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(*_train(Path(sys.argv[1])), sep="\n")  # noqa: T201  # the result of the process
