"""A text larger than memory: the time to the first step, and what it adds to memory.

``python -m benchmarks.large_text TEXT FOLDER`` trains ``STEPS`` steps, and prints the seconds
from the import of torch to the first step and the most anonymous memory in bytes.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, final

from benchmarks.benchmark import Setup
from benchmarks.measurement import Measurement, measurements

STEPS = 100
SMALL, LARGE, QUICK = 1_000_000, 1_000_000_000, 50_000_000
"""Bytes of the texts; with ``--quick`` the large one has ``QUICK``."""
INTERVAL = 0.01
"""Seconds between two looks at the memory."""
ADDED = "added by the large text"


@final
class TextRun(NamedTuple):
    """What a training on a text took.

    Args:
        seconds: From the import of torch to the first step.
        megabytes: The most anonymous memory.
    """

    seconds: float
    megabytes: float


def large_text(setup: Setup) -> Iterator[list[Measurement]]:
    """Trains on a small text, and on a large one when it is new and when it is known."""
    texts = {}
    for name, size in (("1 MB", SMALL), ("large", QUICK if setup.quick else LARGE)):
        texts[name] = write_text(setup.folder / f"{name}.txt", size)
    small, new, known = (train_on(texts[name], setup.folder) for name in ("1 MB", "large", "large"))
    label = f"{texts['large'].stat().st_size / 1e6:,.0f} MB"
    rows = {"1 MB": small, f"{label}, new": new, f"{label}, known": known}
    seconds = {name: [run.seconds] for name, run in rows.items()}
    yield measurements("large-text", "from torch to the first step", "s", seconds)
    megabytes = {name: [run.megabytes] for name, run in rows.items()}
    yield measurements("large-text", "anonymous memory", "MB", megabytes)
    added = max(new.megabytes, known.megabytes) - small.megabytes
    yield measurements("large-text", "a larger text", "MB", {ADDED: [added]})


def write_text(path: Path, size: int) -> Path:
    """Writes a text of random words of at least ``size`` bytes."""
    chooser = random.Random(0)
    words = ["".join(chooser.choices("etaoinshrdlu", k=chooser.randint(2, 9))) for _ in range(9999)]
    lines = [" ".join(chooser.choices(words, k=12)).capitalize() + ".\n" for _ in range(10_000)]
    block = "".join(lines).encode()
    with path.open("wb") as file:
        for _ in range(-(-size // len(block))):
            file.write(block[: size - file.tell()])
    return path


def train_on(text: Path, folder: Path) -> TextRun:
    """Trains on a text in a process of its own.

    Raises:
        CalledProcessError: The process failed.
    """
    command = [sys.executable, "-m", "benchmarks.large_text", str(text), str(folder / "run")]
    environment = os.environ | {"ZOO_HOME": str(folder / "home")}
    completed = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    seconds, size = completed.stdout.split()[-2:]
    return TextRun(float(seconds), int(size) / 1e6)


class _EnoughError(Exception):
    """Ends a training after ``STEPS``."""


def _measure(text: str, folder: str) -> tuple[float, int]:
    """Returns the seconds to the first step and the most anonymous memory in bytes."""
    import torch  # noqa: F401  # the time counts from here

    import zoo_core
    from zoo_core.runtime.training.events import Event, Stepped

    started, first, most, steps = time.monotonic(), 0.0, 0, 0

    def watch() -> None:
        nonlocal most
        while True:
            most = max(most, _anonymous_bytes())
            time.sleep(INTERVAL)

    def listen(event: Event) -> None:
        nonlocal first, steps
        if isinstance(event, Stepped):
            first = first or time.monotonic() - started
            steps += 1
            if steps == STEPS:
                raise _EnoughError

    threading.Thread(target=watch, daemon=True).start()
    try:
        settings: dict[str, dict[str, Any]] = {
            "model": {"hidden_size": 64},
            "dataset": {"path": text},
        }
        zoo_core.train(
            "gru-embed", folder, dataset="text", settings=settings, threads=1, listen=listen
        )
    except _EnoughError:
        import shutil

        shutil.rmtree(folder)
    return first, most


def _anonymous_bytes() -> int:
    """Resident bytes without file-backed pages, which the system loads and drops as it likes."""
    _, resident, shared, *_ = map(int, Path("/proc/self/statm").read_text("utf-8").split())
    return (resident - shared) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    print(*_measure(*sys.argv[1:3]))  # noqa: T201  # the result of the process
