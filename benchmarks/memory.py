"""The memory of a run, told by a process of its own: other subjects and peers hold plenty.

``python -m benchmarks.memory FOLDER`` trains, and prints how many bytes it holds, a line for each
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
from benchmarks.ours import Ours
from zoo_core.plugins.catalog import load_catalog

EPOCHS = (20, 40, 80)
"""The first are for what is made once, and for the allocator to find its size."""
HIDDEN = 256
"""A copy of the model is 320 kB: small beside torch, large beside what the allocator keeps."""


def held(folder: Path) -> list[float]:
    """Megabytes in memory after so many epochs, in a process of its own.

    Raises:
        CalledProcessError: It failed.
    """
    command = [sys.executable, "-m", "benchmarks.memory", str(folder)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    return [int(line) / 1e6 for line in done.stdout.split()]


def each_further(held: Sequence[float]) -> float:
    """Kilobytes that each epoch adds, from megabytes after ``EPOCHS``."""
    return 1000 * (held[-1] - held[0]) / (EPOCHS[-1] - EPOCHS[0])


def _held(folder: Path) -> Iterator[int]:
    catalog = load_catalog()
    run = Ours(
        catalog, CASES["M"].run_config(catalog, "rnn", model={"hidden_size": HIDDEN}), folder
    )
    batches = run.run.loop.batch_count(1)
    for before, after in pairwise((0, *EPOCHS)):
        run.steps((after - before) * batches)
        yield _resident()


def _resident() -> int:
    """Bytes without those that a file backs, whose pages come and go."""
    _, resident, shared, *_ = map(int, Path("/proc/self/statm").read_text("utf-8").split())
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(*_held(Path(sys.argv[1])), sep="\n")  # noqa: T201  # this is what it is for
