"""How the threads of torch and the kernels wait for each other, chosen before torch is imported.

By default OpenMP's threads spin for about a millisecond before they sleep. Where another program
uses a core, they then spend most of their time spinning for a thread that does not run: a small
GRU on two cores, one of them busy, trained 20 to 100 times as slowly as with one thread. Threads
that sleep sooner lose up to 40 % on a quiet machine, because waking takes longer than most waits.
``python -m benchmarks --only busy`` measures both.
"""

from __future__ import annotations

import os

WAIT_VARIABLES = ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT", "KMP_BLOCKTIME")
"""Environment variables by which a user decides how threads wait."""
QUIET_SPIN = 10_000
"""Turns of a waiting thread that are as fast as the default's 300,000 on a quiet machine."""
BUSY_SPIN = 1_000
"""Turns beside other programs. Fewer gain nothing."""
LOAD = "/proc/loadavg"


def set_thread_waits() -> None:
    """Sets how the threads of this process wait, unless the user has."""
    if not any(name in os.environ for name in WAIT_VARIABLES):
        os.environ.update(thread_waits(busy=others_run()))


def thread_waits(*, busy: bool) -> dict[str, str]:
    """Returns the environment variables with which threads spin briefly.

    Args:
        busy: Whether other programs use the cores.
    """
    spin = BUSY_SPIN if busy else QUIET_SPIN
    return {"GOMP_SPINCOUNT": str(spin), "KMP_BLOCKTIME": "1"}


def others_run() -> bool:
    """Returns whether other programs leave this one less than all cores at this moment.

    False where the system does not tell.
    """
    try:
        # for example "0.20 0.18 0.12 3/80 11206": 3 threads of the machine run or are ready to
        with open(LOAD, encoding="ascii") as file:  # noqa: PTH123  # pathlib is slow to import
            running = int(file.read().split()[3].partition("/")[0])
    except (OSError, ValueError, IndexError):
        return False
    return running > 1
