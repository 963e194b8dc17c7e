"""What a worker and its parent write to each other."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.sweeps.engine import Job, JobAdvanced, JobEnded, JobMessage
from zoo_core.runtime.sweeps.messages import (
    event_from_line,
    event_to_line,
    job_from_line,
    job_to_line,
)
from zoo_core.runtime.training.events import EpochEnded, Evaluated, Started, Stepped


@pytest.fixture
def job(catalog: Catalog) -> Job:
    run_config = resolve_run(catalog, "gru-embed.hello").run_config(seed=3)
    return Job("seed=3", Path("/a b/é"), run_config, extends_vocabulary=True)


def test_a_job_arrives_as_it_was_sent(job: Job) -> None:
    line = job_to_line(job)
    assert line.count(b"\n") == 1
    assert job_from_line(line) == job


def test_an_event_arrives_as_it_was_sent(job: Job) -> None:
    metrics = {"train": {"loss": 0.1}, "validation": {"loss": math.inf}}
    for event in (
        JobAdvanced(job, Started(1, 2, 3, 4, "cpu", "native")),
        JobAdvanced(job, Stepped(1, 2, 3, 0.5, 6, 0.7)),
        JobAdvanced(job, Evaluated("test", 1, 2)),
        JobAdvanced(job, EpochEnded(1, 2, metrics, True, 9.0, 1.0, "a\nb", 0.5)),
        JobMessage(job, "a\nb"),
        JobEnded(job, "failed", "why", 6),
    ):
        line = event_to_line(event)
        assert line.count("\n") == 1
        assert event_from_line(job, line.encode()) == event


@pytest.mark.parametrize("line", [b"", b"{", b"[]", b"{}", b'{"kind": "ended"}', b'{"kind": "x"}'])
def test_a_line_that_holds_no_event_is_a_value_error(job: Job, line: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        event_from_line(job, line)
