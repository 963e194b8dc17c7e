"""The engine ``local``: what becomes of jobs whose processes end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from zoo_core.plugins.catalog import Catalog
from zoo_core.processes import start_apart
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.sweeps import local_engine
from zoo_core.runtime.sweeps.engine import Job, JobEnded
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
