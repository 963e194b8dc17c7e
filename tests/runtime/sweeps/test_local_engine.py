"""The engine ``local``: what becomes of jobs whose processes end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest

from zoo_core.plugins.catalog import Catalog
from zoo_core.processes import start_apart
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.sweeps import local_engine
from zoo_core.runtime.sweeps.engine import EngineOptions, Job, JobEnded, JobEvent, JobStarted
from zoo_core.runtime.sweeps.local_engine import LocalEngine
from zoo_core.runtime.sweeps.messages import event_to_line

MAX_TURNS = 100
"""Turns of the engine, a tenth of a second each, in which a job must have ended."""


@pytest.fixture
def jobs(catalog: Catalog, tmp_path: Path) -> list[Job]:
    """Three jobs."""
    run_config = resolve_run(catalog, "gru-embed.hello").run_config()
    return [Job(name, tmp_path / name, run_config) for name in ("a", "b", "c")]


def _workers_run(program: str, monkeypatch: pytest.MonkeyPatch) -> list[subprocess.Popen[bytes]]:
    """Makes every worker run a program; returns the processes that will have been started."""
    started: list[subprocess.Popen[bytes]] = []

    def start_program(command: Any, **options: Any) -> subprocess.Popen[bytes]:
        started.append(start_apart([sys.executable, "-c", program], **options))
        return started[-1]

    monkeypatch.setattr(local_engine, "start_apart", start_program)
    return started


def _ends_within_turns(events: Iterator[JobEvent | None]) -> list[JobEnded]:
    """Returns the ends of jobs that an engine reports within ``MAX_TURNS``."""
    return [event for event in islice(events, MAX_TURNS) if isinstance(event, JobEnded)]


def _ended(job: Job) -> str:
    return event_to_line(JobEnded(job, "finished"))


def test_a_worker_that_is_killed_between_two_jobs_is_replaced(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = f"import sys\nfor line in sys.stdin: print({_ended(jobs[0])!r}, end='', flush=True)"
    started = _workers_run(program, monkeypatch)
    ends = []
    events = LocalEngine(1).run(jobs, lambda: False)
    for _ in range(MAX_TURNS):
        if isinstance(event := next(events, None), JobEnded):
            ends.append((event.job.name, event.outcome))
            if event.job is jobs[1]:
                started[0].kill()
                started[0].wait()
    assert ends == [(job.name, "finished") for job in jobs]
    assert len(started) == 2


def test_a_worker_that_ends_without_a_word_fails_its_job_alone(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = f"""
import sys
line = sys.stdin.readline()
if '"name": "b"' in line:
    sys.exit("out of luck")
print({_ended(jobs[0])!r}, end="", flush=True)
sys.stdin.read()
"""
    _workers_run(program, monkeypatch)
    events = LocalEngine(1, reuse=False).run(jobs, lambda: False)
    ends = [event for event in events if isinstance(event, JobEnded)]
    assert [(event.job.name, event.outcome) for event in ends] == [
        ("a", "finished"),
        ("b", "failed"),
        ("c", "finished"),
    ]
    assert ends[1].reason == "its process ended with exit code 1: out of luck"


@pytest.mark.skipif(sys.platform == "win32", reason="no signals")
@pytest.mark.parametrize(("number", "name"), [(9, "SIGKILL, perhaps"), (40, "signal 40")])
def test_a_worker_that_is_ended_by_a_signal_fails_its_job(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch, number: int, name: str
) -> None:
    program = f"import os, sys\nsys.stdin.readline()\nos.kill(os.getpid(), {number})"
    _workers_run(program, monkeypatch)
    (end,) = _ends_within_turns(LocalEngine(1).run(jobs[:1], lambda: False))
    assert end.outcome == "failed"
    assert end.reason.startswith(f"its process was ended by {name}")


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork")
@pytest.mark.parametrize("kept", [1, 2], ids=["stdout", "stderr"])
@pytest.mark.parametrize("outcome", ["finished", "failed"])
def test_a_process_that_a_worker_leaves_behind_holds_nothing_up(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch, outcome: str, kept: int
) -> None:
    program = f"""
import os, sys, time
sys.stdin.readline()
if os.fork() == 0:
    os.close({3 - kept})
    time.sleep(30)
    os._exit(0)
if {outcome == "finished"}:
    print({_ended(jobs[0])!r}, end="", flush=True)
    sys.stdin.read()
os.kill(os.getpid(), 9)
"""
    monkeypatch.setattr(local_engine, "LAST_WORDS", 0.1)
    started = _workers_run(program, monkeypatch)
    began = time.monotonic()
    try:
        ends = _ends_within_turns(LocalEngine(1).run(jobs[:1], lambda: False))
        assert [end.outcome for end in ends] == [outcome]
        assert time.monotonic() - began < 20
    finally:
        for process in started:
            os.killpg(process.pid, signal.SIGKILL)


def test_when_it_is_to_stop_the_run_saves_and_no_other_begins(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    saved = event_to_line(JobEnded(jobs[0], "interrupted"))
    program = f"""
import sys
sys.stdin.readline()
sys.stdin.read()  # up to the end of stdin, which says that it is to stop
print({saved!r}, end="", flush=True)
"""
    started = _workers_run(program, monkeypatch)
    events: list[JobEvent] = []

    def has_begun() -> bool:
        return bool(events)

    for event in LocalEngine(1).run(jobs, has_begun):
        if event is not None:
            events.append(event)
    assert events == [JobStarted(jobs[0]), JobEnded(jobs[0], "interrupted")]
    assert [process.poll() for process in started] == [0]


def test_as_many_runs_as_are_asked_for_are_trained_at_once(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    program = f"""
import sys, time
for line in sys.stdin:
    time.sleep(0.5)
    print({_ended(jobs[0])!r}, end="", flush=True)
"""
    started = _workers_run(program, monkeypatch)
    engine = local_engine.local_engine(EngineOptions(jobs=2))
    events = [event for event in engine.run(jobs, lambda: False) if event is not None]
    assert events[:2] == [JobStarted(jobs[0]), JobStarted(jobs[1])]
    assert sum(isinstance(event, JobEnded) for event in events) == 3
    assert [process.poll() for process in started] == [0, 0]
    assert local_engine.local_engine(EngineOptions()).processes == 1
    assert not local_engine.local_engine(EngineOptions(reuse=False)).reuse


def test_a_closed_sweep_leaves_no_process_behind(
    jobs: list[Job], monkeypatch: pytest.MonkeyPatch
) -> None:
    started = _workers_run("import sys; sys.stdin.read()", monkeypatch)
    events = LocalEngine(2).run(jobs, lambda: False)
    assert isinstance(next(events), JobStarted)
    assert isinstance(next(events), JobStarted)
    events.close()  # type: ignore[attr-defined]  # it is a generator
    assert [process.poll() for process in started] == [0, 0]
