"""A text larger than memory: the time to the first step, and what it adds to memory.

``python -m benchmarks.large_text TEXT FOLDER SETTINGS`` trains ``STEPS`` steps on a text with
settings of the dataset in JSON, and prints the seconds from the import of torch to the first step
and the most anonymous memory in bytes.
"""

from __future__ import annotations

import json
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
VOCABULARY = 1024
"""Symbols of words and pairs of bytes; few, so that a step does not take more than reading."""
CASES: dict[str, dict[str, Any]] = {
    "char": {},
    "char, random windows": {"sampling": "random"},
    "word": {"tokens": "word", "vocabulary_size": VOCABULARY},
    "bpe": {"tokens": "bpe", "vocabulary_size": VOCABULARY},
}
"""The settings of the dataset. Random windows have the ids of the case before them."""
COMMON_WORDS, RARE_WORDS = 9_999, 2_400
"""Words that the text repeats, and new ones in each of its blocks of 120,000 words."""
SMALL, LARGE, QUICK = 1_000_000, 1_000_000_000, 50_000_000
"""Bytes of the texts; with ``--quick`` the large one has ``QUICK``."""
INTERVAL = 0.01
"""Seconds between two looks at the memory."""
ADDED = "added by the large text"
"""The most of all cases."""


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
    label = f"{texts['large'].stat().st_size / 1e6:,.0f} MB"
    seconds: dict[str, list[float]] = {}
    megabytes: dict[str, list[float]] = {}
    added: dict[str, list[float]] = {}
    for case, settings in CASES.items():
        small = train_on(texts["1 MB"], setup.folder, settings)
        rows = {"1 MB": small, f"{label}, new": train_on(texts["large"], setup.folder, settings)}
        rows[f"{label}, known"] = train_on(texts["large"], setup.folder, settings)
        seconds |= {f"{case}, {name}": [run.seconds] for name, run in rows.items()}
        megabytes |= {f"{case}, {name}": [run.megabytes] for name, run in rows.items()}
        largest = max(run.megabytes for run in rows.values())
        added[case] = [largest - small.megabytes]
    added[ADDED] = [max(values[0] for values in added.values())]
    yield measurements("large-text", "from torch to the first step", "s", seconds)
    yield measurements("large-text", "anonymous memory", "MB", megabytes)
    yield measurements("large-text", "a larger text", "MB", added)


def write_text(path: Path, size: int) -> Path:
    """Writes a text of random words of ``size`` bytes, of which 2 % occur once.

    So the number of distinct words grows with the text, as that of a language does.
    """
    chooser = random.Random(0)

    def words(count: int, least: int, most: int) -> list[str]:
        lengths = [chooser.randint(least, most) for _ in range(count)]
        return ["".join(chooser.choices("etaoinshrdlu", k=length)) for length in lengths]

    def lines(chosen: list[str]) -> bytes:
        rows = [chosen[first : first + 12] for first in range(0, len(chosen), 12)]
        return "".join(" ".join(row).capitalize() + ".\n" for row in rows).encode()

    common = lines(chooser.choices(words(COMMON_WORDS, 2, 9), k=50 * RARE_WORDS))
    with path.open("wb") as file:
        while file.tell() < size:
            file.write((common + lines(words(RARE_WORDS, 8, 9)))[: size - file.tell()])
    return path


def train_on(text: Path, folder: Path, settings: dict[str, Any]) -> TextRun:
    """Trains on a text in a process of its own.

    Raises:
        CalledProcessError: The process failed.
    """
    command = [sys.executable, "-m", "benchmarks.large_text", str(text), str(folder / "run")]
    command.append(json.dumps(settings))
    environment = os.environ | {"ZOO_HOME": str(folder / "home")}
    completed = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env=environment
    )
    seconds, size = completed.stdout.split()[-2:]
    return TextRun(float(seconds), int(size) / 1e6)


class _EnoughError(Exception):
    """Ends a training after ``STEPS``."""


def _measure(text: str, folder: str, dataset: str) -> tuple[float, int]:
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
            "dataset": {"path": text} | json.loads(dataset),
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
    print(*_measure(*sys.argv[1:4]))  # noqa: T201  # the result of the process
