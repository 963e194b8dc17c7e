"""Loggers: what they receive, what a resume leaves of it, and that they change nothing."""

from __future__ import annotations

import csv
import json
import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.runtime.runs import contents, finish, interrupt, kill, small_run_config
from zoo_core.errors import PluginError
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.specs import LoggerSpec
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.run_folder.run_log import StepRow, read_steps
from zoo_core.runtime.loggers.logger import AbstractLogger, LogTarget
from zoo_core.runtime.resume import resume
from zoo_core.runtime.run import Run
from zoo_train.csv_logger import CsvLogger
from zoo_train.jsonl_logger import JsonlLogger

FILES = ("csv/steps.csv", "csv/epochs.csv", "jsonl/events.jsonl")
ODD = {
    "noting": "NotingLogger",
    "changing": "ChangingLogger",
    "broken": "BrokenLogger",
    "leaving": "LeavingLogger",
}


@pytest.fixture(scope="module")
def odd(catalog: Catalog) -> Catalog:
    """The installed plugins, and loggers that a run must survive."""
    plugin = Plugin("zoo-odd", "tests.runtime.loggers.odd", "zoo-odd", "1.0")
    module = "tests.runtime.loggers.odd"
    entries = [
        CatalogEntry(plugin, LoggerSpec(name=name, summary="", factory=f"{module}:{cls}"))
        for name, cls in ODD.items()
    ]
    return catalog._replace(entries=(*catalog.entries, *entries))


def logs(folder: Path) -> dict[str, bytes]:
    """Returns what the built-in loggers wrote."""
    return {name: (folder / "logs" / name).read_bytes() for name in FILES}


@pytest.fixture(scope="module")
def logged_once(
    catalog: Catalog, run_config: RunConfig, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of a run with the built-in loggers, which tests must not change."""
    folder = tmp_path_factory.mktemp("logged") / "run"
    finish(Run(catalog, run_config, folder, loggers=("csv", "jsonl")))
    return folder


def test_loggers_change_no_bit_of_a_run(logged_once: Path, trained_once: Path) -> None:
    assert contents(logged_once) == contents(trained_once)
    assert not (trained_once / "logs").exists()


def test_random_numbers_of_a_logger_change_no_bit_of_a_run(
    odd: Catalog,
    run_config: RunConfig,
    trained_once: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    finish(Run(odd, run_config, tmp_path, loggers=["noting"]))
    assert contents(tmp_path) == contents(trained_once)
    notes = (tmp_path / "logs" / "noting" / "notes.txt").read_text().split()
    assert notes.count("StepRow") == len(read_steps(tmp_path))
    assert notes.count("EpochEnded") == 3
    assert (notes[0], notes[-1]) == ("Started", "Finished")
    assert capsys.readouterr() == ("", "a line for stderr\n")


def test_modes_of_torch_that_a_logger_sets_change_no_bit_of_a_run(
    odd: Catalog, run_config: RunConfig, trained_once: Path, tmp_path: Path
) -> None:
    finish(Run(odd, run_config, tmp_path, loggers=["changing"]))
    assert contents(tmp_path) == contents(trained_once)


def test_csv_has_a_row_per_step_and_per_epoch(logged_once: Path) -> None:
    with (logged_once / "logs" / "csv" / "steps.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    steps = read_steps(logged_once)
    assert [float(row["loss"]) for row in rows] == [step.loss for step in steps]
    with (logged_once / "logs" / "csv" / "epochs.csv").open(newline="") as file:
        epochs = list(csv.DictReader(file))
    history = [
        json.loads(line) for line in (logged_once / "history.jsonl").read_text().split("\n")[:-1]
    ]
    losses = [row["metrics"]["validation"]["loss"] for row in history]
    assert [float(row["validation.loss"]) for row in epochs] == losses
    assert [int(row["step"]) for row in epochs] == [row["steps"] for row in history]


def test_jsonl_has_an_object_per_step_and_per_epoch(logged_once: Path) -> None:
    lines = (logged_once / "logs" / "jsonl" / "events.jsonl").read_text().splitlines()
    rows = [json.loads(line) for line in lines]
    assert [row["epoch"] for row in rows if row["event"] == "epoch"] == [1, 2, 3]
    steps = [row for row in rows if row["event"] == "step"]
    assert [row["gradient_norm"] for row in steps] == [
        step.gradient_norm for step in read_steps(logged_once)
    ]


@pytest.mark.parametrize("step", [1, 4, 8])
def test_an_interrupted_run_logs_every_step_once(
    catalog: Catalog, run_config: RunConfig, logged_once: Path, tmp_path: Path, step: int
) -> None:
    interrupt(Run(catalog, run_config, tmp_path, loggers=("csv", "jsonl")), step)
    finish(resume(catalog, tmp_path))
    assert logs(tmp_path) == logs(logged_once)


@pytest.mark.parametrize("steps", [1, 4, 8, "evaluated"])
def test_a_killed_run_logs_every_step_once(
    catalog: Catalog, run_config: RunConfig, logged_once: Path, tmp_path: Path, steps: int | str
) -> None:
    kill(Run(catalog, run_config, tmp_path, loggers=("csv", "jsonl")), steps)
    for name in FILES:  # a kill may come within the next row
        path = tmp_path / "logs" / name
        path.write_bytes(path.read_bytes() + b"9,2,3.")
    finish(resume(catalog, tmp_path))
    assert logs(tmp_path) == logs(logged_once)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("broken", "ValueError: the disk is elsewhere"), ("leaving", "SystemExit: 3")],
)
def test_a_logger_that_raises_is_off_after_one_warning(
    odd: Catalog,
    run_config: RunConfig,
    trained_once: Path,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
    name: str,
    reason: str,
) -> None:
    with caplog.at_level(logging.WARNING, "zoo_core"):
        finish(Run(odd, run_config, tmp_path, loggers=[name, "csv"]))
    assert caplog.messages == [f"the logger {name} failed and is off; training goes on: {reason}"]
    assert contents(tmp_path) == contents(trained_once)
    assert (tmp_path / "logs" / "csv" / "steps.csv").exists()


def test_a_resume_has_the_loggers_of_the_run_unless_it_names_others(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    interrupt(Run(catalog, run_config, tmp_path, loggers=["csv"]), 4)
    before = (tmp_path / "logs" / "csv" / "steps.csv").read_bytes()
    interrupt(resume(catalog, tmp_path, loggers=["jsonl"]), 8)
    assert (tmp_path / "logs" / "csv" / "steps.csv").read_bytes() == before
    finish(resume(catalog, tmp_path))
    lines = (tmp_path / "logs" / "jsonl" / "events.jsonl").read_text().splitlines()
    steps = [json.loads(line) for line in lines]
    assert next(row["step"] for row in steps if row["event"] == "step") == 5


def test_a_run_that_replaces_another_removes_its_logs(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    interrupt(Run(catalog, run_config, tmp_path, loggers=["csv"]), 4)
    (tmp_path / "logs" / "mine").mkdir()
    (tmp_path / "state" / "CURRENT").unlink()
    finish(Run(catalog, run_config, tmp_path))
    assert [path.name for path in (tmp_path / "logs").iterdir()] == ["mine"]


def test_a_logger_that_cannot_be_imported_ends_the_run_before_it_begins(
    odd: Catalog, catalog: Catalog, text_file: Path, tmp_path: Path
) -> None:
    plugin = odd.entries[-1].plugin
    spec = LoggerSpec(name="gone", summary="", factory="tests.runtime.loggers.odd:Missing")
    broken = catalog._replace(entries=(*catalog.entries, CatalogEntry(plugin, spec)))
    with pytest.raises(PluginError, match="Missing"):
        Run(broken, small_run_config(catalog, text_file), tmp_path / "run", loggers=["gone"])
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("logger_class", [CsvLogger, JsonlLogger])
def test_what_was_logged_is_on_the_disk_after_a_flush(
    logger_class: Callable[[LogTarget], AbstractLogger],
    run_config: RunConfig,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    logger = logger_class(LogTarget(tmp_path, "run", run_config, step=0, epoch=1))
    logger.log(StepRow(1, 1, 10, 2.0, 1.0, 0.1))
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_ino))
    logger.flush()
    logger.close()
    assert sorted(synced) == sorted(path.stat().st_ino for path in tmp_path.iterdir())
    assert any(path.stat().st_size for path in tmp_path.iterdir())
