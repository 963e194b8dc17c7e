"""The logger ``trackio``, read back from its database."""

from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.runs import contents, finish, kill
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.run_folder.run_log import read_steps
from zoo_core.runtime.checkpoints.checkpoint import read_history
from zoo_core.runtime.resume import resume
from zoo_core.runtime.run import Run

pytestmark = pytest.mark.full


@pytest.fixture
def storage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Trackio's storage in a folder of its own; whoever opens a connection fails."""
    module = pytest.importorskip("trackio.sqlite_storage")
    monkeypatch.setattr(module, "TRACKIO_DIR", tmp_path / "trackio")
    monkeypatch.setenv("TRACKIO_SPACE_ID", "owner/space")
    monkeypatch.setenv("TRACKIO_SERVER_URL", "http://127.0.0.1:9")

    def refuse(*_: object) -> None:
        raise AssertionError("trackio opens a connection")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    return module.SQLiteStorage


def rows(storage: Any, name: str) -> list[dict[str, Any]]:
    """Returns the rows of a run, without their times."""
    return [
        {key: value for key, value in row.items() if key != "timestamp"}
        for row in storage.get_logs("zoo", name)
    ]


def test_trackio_holds_every_step_and_epoch(
    catalog: Catalog, run_config: RunConfig, storage: Any, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    finish(Run(catalog, run_config, folder, loggers=["trackio"]))
    logged = rows(storage, "run")
    assert [row["step/loss"] for row in logged if "step/loss" in row] == [
        row.loss for row in read_steps(folder)
    ]
    assert [(row["step"], row["validation/loss"]) for row in logged if "epoch" in row] == [
        (row["steps"], row["metrics"]["validation"]["loss"]) for row in read_history(folder)
    ]
    config = storage.get_run_config("zoo", "run")
    assert (config["model"], config["model.hidden_size"]) == ("lstm-embed", 6)


@pytest.mark.parametrize("steps", [1, 8, "evaluated"])
def test_a_killed_run_has_every_step_once(
    catalog: Catalog,
    run_config: RunConfig,
    storage: Any,
    trained_once: Path,
    tmp_path: Path,
    steps: int | str,
) -> None:
    finish(Run(catalog, run_config, tmp_path / "whole", loggers=["trackio"]))
    folder = tmp_path / "killed"
    kill(Run(catalog, run_config, folder, loggers=["trackio"]), steps)
    moved = folder.rename(tmp_path / "moved")
    finish(resume(catalog, moved))
    assert rows(storage, "killed") + rows(storage, "moved") == rows(storage, "whole")
    assert contents(moved) == contents(trained_once)
