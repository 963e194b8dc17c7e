"""What runs on a worker: one task for each run, which yields parcels.

The run is trained in a thread of its own, so that the task passes events on while the run computes.
A Ray process trains one run after another; torch is then imported once.
"""

from __future__ import annotations

import contextlib
import json
import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

from zoo_core.runtime.sweeps.engine import Job, JobEnded
from zoo_core.runtime.sweeps.messages import event_to_line, job_from_line
from zoo_core.runtime.sweeps.worker import carry_out
from zoo_core.sweeps.folder import HOLDER
from zoo_ray.connection import uses_tokens
from zoo_ray.environment import Environment
from zoo_ray.parcels import Parcel
from zoo_ray.run_files import RunReceiver, send_run

POLL = 0.2
"""Seconds to wait for an event of the run."""
INTERVAL = 1.0
"""Least seconds between two questions whether to stop."""


def holder_of(folder: Path) -> bytes:
    """Returns what tells who carries out a sweep; empty where its folder is not seen."""
    try:
        return (folder / HOLDER).read_bytes()
    except OSError:
        return b""


def describe(folder: str, holder: bytes) -> bytes:
    """Returns what is installed on a worker and what it can do, as JSON.

    ``is_shared`` says whether it sees the folder of the sweep, ``uses_tokens`` whether its calls
    have a token.

    Args:
        folder: The folder of the sweep.
        holder: What ``holder_of`` returns to the driver.
    """
    values = Environment.here()._asdict()
    values["is_shared"] = holder_of(Path(folder)) == holder != b""
    values["uses_tokens"] = uses_tokens()
    return json.dumps(values).encode()


def train(
    line: bytes,
    driver: bytes,
    holder: bytes,
    files: Iterable[bytes],
    is_stopped: Callable[[], bool],
) -> Iterator[bytes]:
    """Carries out a job, in its folder where the worker sees it, and otherwise in one of its own.

    Args:
        line: The job, as ``job_to_line`` writes it.
        driver: The environment of the driver as JSON.
        holder: What ``holder_of`` returns to the driver.
        files: Parcels with the saved state of the run, for a worker that does not see the folder.
        is_stopped: Whether the run is to save a whole step and to end.

    Yields:
        Parcels: ``begun``; ``events``; ``file`` for a worker with a folder of its own; ``ended``
        with the event of the end. ``refused`` alone where the environments differ or the sweep
        stops.
    """
    job, here = job_from_line(line), Environment.here()
    if differences := here.differences(Environment(**json.loads(driver))):
        reason = f"{here.host}: {'; '.join(differences)}"
        yield Parcel("refused", {"reason": reason}).to_bytes()
        return
    if is_stopped():
        yield Parcel("refused", {"reason": ""}).to_bytes()
        return
    is_shared = holder_of(job.folder.parent) == holder != b""
    yield Parcel("begun", {"host": here.host, "is_shared": is_shared}).to_bytes()
    if is_shared:
        yield from _train(job, is_stopped)
        return
    with TemporaryDirectory(prefix="zoo-ray-") as scratch:
        folder = Path(scratch) / job.folder.name
        receiver = RunReceiver(folder)
        for data in files:
            receiver.add(Parcel.from_bytes(data))
        receiver.finish()
        yield from _train(job._replace(folder=folder), is_stopped, sends_files=True)


def _train(
    job: Job, is_stopped: Callable[[], bool], *, sends_files: bool = False
) -> Iterator[bytes]:
    """Carries out a job in its folder; yields ``events``, ``file`` and ``ended``."""
    lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
    stop, ends = threading.Event(), list[JobEnded]()

    def run() -> None:
        try:
            ends.append(carry_out(job, stop, lines.put))
        finally:
            lines.put(None)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    asked_at = time.monotonic()
    for text in _take(lines):
        if text:
            yield Parcel("events", {}, text.encode()).to_bytes()
        if time.monotonic() - asked_at >= INTERVAL:
            if is_stopped():
                stop.set()
            asked_at = time.monotonic()
    thread.join()
    if sends_files:
        for parcel in send_run(job.folder):
            yield parcel.to_bytes()
    yield Parcel("ended", {}, event_to_line(ends[0]).encode()).to_bytes()


def _take(lines: queue.SimpleQueue[str | None]) -> Iterator[str]:
    """Yields the lines that are there, as one text; an empty one after ``POLL`` without any."""
    line: str | None = ""
    while line is not None:
        text = ""
        with contextlib.suppress(queue.Empty):
            line = lines.get(timeout=POLL)
            while line is not None:
                text += line
                line = lines.get_nowait()
        yield text
