"""The progress of a sweep: a live table on a terminal, lines elsewhere."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import pytest

from tests.core.run_folder.manifests import VALUES
from zoo_cli.terminal.signals import STOPPING
from zoo_cli.terminal.sweep_table import format_result
from zoo_cli.terminal.sweep_view import SweepView
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.manifest import MANIFEST
from zoo_core.runtime.sweeps.engine import Job, JobAdvanced, JobEnded, JobMessage, JobStarted
from zoo_core.runtime.sweeps.sweep import SweepStarted
from zoo_core.runtime.training.events import EpochEnded, Evaluated, Started, Stepped
from zoo_core.sweeps.run_states import SweepRun


class Terminal(io.StringIO):
    """A stderr that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def begun(catalog: Catalog, tmp_path: Path) -> SweepStarted:
    """A sweep of four runs: one is finished, one has diverged, one continues, one is new."""
    run_config = resolve_run(catalog, "gru-embed.hello").run_config()
    states = {"a": "finished", "b": "failed", "seed=0,c": "interrupted", "seed=0,d": "missing"}
    runs = [
        SweepRun(
            name=name,
            path=tmp_path / name,
            model="gru-embed",
            recipe="gru-embed.hello",
            dataset="hello",
            label="",
            seed=0,
            settings={"model.hidden_size": size},
            state=state,  # type: ignore[arg-type]  # a text
            exit_code=8 if state == "failed" else 0,
            metrics={},
        )
        for size, (name, state) in enumerate(states.items())
    ]
    jobs = [Job(run.name, run.path, run_config) for run in runs[2:]]
    return SweepStarted(tmp_path, 1, runs, jobs)


def row(name: str, epoch: str, loss: str = "", speed: str = "") -> str:
    """Returns a line of the table, in which the longest name has eight columns."""
    return f"{name:<8}{epoch:>12}{loss:>11}{speed:>11}".rstrip()


def test_where_there_is_no_terminal_every_run_has_a_line_when_it_begins_and_ends(
    begun: SweepStarted, capsys: pytest.CaptureFixture[str]
) -> None:
    view, (first, second) = SweepView(), begun.jobs
    for event in (
        begun,
        None,
        JobStarted(first),
        JobMessage(first, "a warning"),
        JobStarted(second),
        JobMessage(second, "a warning"),
        JobEnded(first, "failed", "no\nroom", 6),
        JobEnded(second, "interrupted"),
    ):
        view.show(event)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:-1] == [
        f"4 runs, 1 finished before, 1 diverged before, 2 to train, with 1 thread each: {begun[0]}",
        "seed=0,c: continues",
        "seed=0,c: a warning",
        "seed=0,d: begins",
        "1/2 seed=0,c: failed: no\\nroom",
    ]
    assert lines[-1].startswith("1/2 seed=0,d: interrupted, 0.")


def test_a_run_that_has_finished_shows_its_result(
    begun: SweepStarted, capsys: pytest.CaptureFixture[str]
) -> None:
    view, job = SweepView(), begun.jobs[0]
    job.folder.mkdir()
    (job.folder / MANIFEST).write_text(json.dumps(VALUES), "utf-8")
    for event in (begun, JobStarted(job), JobEnded(job, "finished")):
        view.show(event)
    result = format_result(VALUES["metrics"])
    assert result
    assert f"\n1/2 seed=0,c: {result}, 0." in capsys.readouterr().err


def test_it_says_once_that_it_stops_if_a_run_has_begun(
    begun: SweepStarted, capsys: pytest.CaptureFixture[str]
) -> None:
    view = SweepView()
    view.show(begun)
    view.stop()
    assert STOPPING not in capsys.readouterr().err
    view.show(JobStarted(begun.jobs[0]))
    view.stop()
    view.stop()
    assert capsys.readouterr().err.count(STOPPING) == 1


def test_a_terminal_has_a_line_for_each_run_that_is_trained(
    begun: SweepStarted, monkeypatch: pytest.MonkeyPatch
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "80")
    view, (first, second) = SweepView(), begun.jobs
    metrics = {"validation": {"loss": 0.125}}
    for event, shown in (
        (begun, row("run", "epoch", "loss", "tokens/s")),
        (JobStarted(first), row("seed=0,c", "starts")),
        (JobAdvanced(first, Started(2, 9, 4, 50, "cpu", "torch")), row("seed=0,c", "2/9")),
        (JobStarted(second), row("seed=0,d", "starts")),
        (
            JobAdvanced(first, Stepped(2, 1, 4, 0.5, 6000, 3.0)),
            row("seed=0,c", "2/9", "0.5", "2,000"),
        ),
        (JobAdvanced(first, Evaluated("test", 1, 4)), row("seed=0,c", "test", "25 %")),
        (
            JobAdvanced(first, EpochEnded(3, 9, metrics, True, 1500.0, 1.0, "")),
            row("seed=0,c", "3/9", "0.125", "1,500"),
        ),
        (JobEnded(first, "finished"), "1 of 2 ended"),
    ):
        terminal.truncate(terminal.seek(0))
        view.show(event)
        assert shown in terminal.getvalue()
    view.close()


@pytest.mark.parametrize("columns", ["1", "20", "40"])
def test_a_narrow_terminal_cuts_the_names_of_the_runs(
    begun: SweepStarted, monkeypatch: pytest.MonkeyPatch, columns: str
) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", columns)
    view = SweepView()
    for event in (begun, JobStarted(begun.jobs[0]), JobEnded(begun.jobs[0], "finished")):
        view.show(event)
    view.close()
    assert "1/2 seed=0,c: " in terminal.getvalue()
