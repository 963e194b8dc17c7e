"""The logger ``tensorboard``, read back by TensorBoard."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
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


def scalars(folder: Path) -> dict[str, list[tuple[int, float]]]:
    """Returns what TensorBoard shows of a run: steps and values by tag."""
    module: Any = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
    shown = module.EventAccumulator(str(folder / "logs" / "tensorboard"), {"scalars": 0})
    shown.Reload()
    return {
        tag: [(event.step, event.value) for event in shown.Scalars(tag)]
        for tag in shown.Tags()["scalars"]
    }


@pytest.fixture(scope="module")
def logged(
    catalog: Catalog, run_config: RunConfig, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """The folder of an uninterrupted run, which tests must not change."""
    folder = tmp_path_factory.mktemp("tensorboard") / "run"
    finish(Run(catalog, run_config, folder, loggers=["tensorboard"]))
    return folder


def test_tensorboard_shows_every_step_and_epoch(logged: Path) -> None:
    shown, steps, epochs = scalars(logged), read_steps(logged), read_history(logged)
    assert [step for step, _ in shown["step/loss"]] == [row.step for row in steps]
    # event files hold numbers in float32
    losses = pytest.approx([row.loss for row in steps], rel=1e-6)
    assert [value for _, value in shown["step/loss"]] == losses
    losses = pytest.approx([row["metrics"]["validation"]["loss"] for row in epochs], rel=1e-6)
    assert [value for _, value in shown["validation/loss"]] == losses
    assert [step for step, _ in shown["validation/loss"]] == [row["steps"] for row in epochs]
    assert [value for _, value in shown["epoch"]] == [1, 2, 3]


def test_a_run_that_is_resumed_within_a_second_is_shown_in_order(
    catalog: Catalog,
    run_config: RunConfig,
    logged: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    # the writer's names end with a number that counts the files: 10 comes before 9
    writer: Any = pytest.importorskip("tensorboard.summary.writer.event_file_writer")
    monkeypatch.setattr(writer, "_global_uid", SimpleNamespace(get=iter(range(9, 99)).__next__))
    monkeypatch.setattr(writer, "time", SimpleNamespace(time=lambda: 1e9))
    kill(Run(catalog, run_config, tmp_path, loggers=["tensorboard"]), 8)
    finish(resume(catalog, tmp_path))
    assert scalars(tmp_path) == scalars(logged)


@pytest.mark.parametrize("steps", [1, 8, "evaluated"])
def test_a_killed_run_shows_every_step_once(
    catalog: Catalog, run_config: RunConfig, logged: Path, tmp_path: Path, steps: int | str
) -> None:
    kill(Run(catalog, run_config, tmp_path, loggers=["tensorboard"]), steps)
    for file in (tmp_path / "logs" / "tensorboard").iterdir():
        file.write_bytes(file.read_bytes() + b"\x10\x00\x00")  # as a kill within a record
    finish(resume(catalog, tmp_path))
    assert scalars(tmp_path) == scalars(logged)
    assert contents(tmp_path) == contents(logged)
