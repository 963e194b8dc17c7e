"""Jobs: one that has ended or is to stop is not trained."""

from __future__ import annotations

import logging
import threading
from pathlib import Path

import pytest

from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.manifest import read_manifest
from zoo_core.runtime.sweeps.engine import Job
from zoo_core.runtime.sweeps.runs import begin_or_resume
from zoo_core.runtime.sweeps.worker import carry_out


@pytest.fixture
def job(catalog: Catalog, tmp_path: Path) -> Job:
    """A run that trains in an instant."""
    run_config = resolve_run(catalog, "rnn-cell.hello").run_config({"trainer": {"epochs": 1}})
    return Job("seed=0", tmp_path / "seed=0", run_config)


def test_a_job_that_another_process_has_finished_is_not_trained_again(
    catalog: Catalog, hello: Path
) -> None:
    job = Job("hello", hello, read_manifest(hello).run_config)
    assert begin_or_resume(catalog, job) is None


def test_a_job_that_is_to_stop_before_it_begins_leaves_nothing(job: Job) -> None:
    stop = threading.Event()
    stop.set()
    lines: list[str] = []
    logger = logging.getLogger("zoo_core")
    before = (logger.level, list(logger.handlers))
    assert carry_out(job, stop, lines.append).outcome == "interrupted"
    assert (logger.level, logger.handlers) == before
    assert lines == []
    assert not job.folder.exists()


def test_a_job_that_fails_says_why_in_one_line(job: Job) -> None:
    job.folder.mkdir()
    (job.folder / "thesis.txt").touch()
    lines: list[str] = []
    ended = carry_out(job, threading.Event(), lines.append)
    assert (ended.outcome, ended.exit_code) == ("failed", 6)
    assert "holds files that the zoo did not make" in ended.reason
    assert "\n" not in ended.reason
