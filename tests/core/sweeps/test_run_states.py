"""How far a run of a sweep is, read from its folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.core.run_folder.manifests import VALUES
from zoo_core.errors import ConfigError, DivergedError
from zoo_core.run_folder.manifest import MANIFEST
from zoo_core.run_folder.ownership import TIMINGS
from zoo_core.sweeps.run_states import forget_failure, record_failure, result_of


def _run(folder: Path, **values: object) -> Path:
    (folder / MANIFEST).write_text(json.dumps(VALUES | values))
    return folder


def _begin(folder: Path) -> None:
    (folder / "state").mkdir()
    (folder / "state" / "CURRENT").write_text("7\n")


def test_a_folder_is_missing_then_unfinished_then_as_its_manifest_says(tmp_path: Path) -> None:
    assert result_of(tmp_path / "none").state == result_of(tmp_path).state == "missing"
    _begin(tmp_path)
    assert result_of(tmp_path).state == "unfinished"
    assert result_of(_run(tmp_path, status="interrupted")).state == "interrupted"
    assert result_of(_run(tmp_path)).state == "finished"
    (tmp_path / MANIFEST).write_text("{")
    damaged = result_of(tmp_path)
    assert damaged.state == "damaged"
    assert "not JSON" in damaged.reason


def test_the_speed_is_that_of_all_training_steps(tmp_path: Path) -> None:
    rows = [{"step_seconds": 2.0, "tokens": 30}, {"step_seconds": 1.0, "tokens": 60}]
    (_run(tmp_path) / TIMINGS).write_text("".join(json.dumps(row) + "\n" for row in rows))
    result = result_of(tmp_path)
    assert (result.seconds, result.tokens_per_second) == (3.0, 30.0)
    (tmp_path / TIMINGS).unlink()
    assert (result_of(tmp_path).seconds, result_of(tmp_path).tokens_per_second) == (0.0, 0.0)


@pytest.mark.parametrize("error", [DivergedError, ConfigError])
def test_a_failure_is_told_until_it_is_forgotten(tmp_path: Path, error: type[ConfigError]) -> None:
    folder = tmp_path / "run"
    record_failure(folder, "what happened", error.exit_code)
    failed = result_of(folder)
    assert (failed.state, failed.reason, failed.exit_code) == (
        "failed",
        "what happened",
        error.exit_code,
    )
    assert result_of(_run(folder, status="interrupted")).state == "failed"
    assert result_of(_run(folder)).state == "finished"
    (folder / MANIFEST).unlink()
    forget_failure(folder)
    assert result_of(folder).state == "missing"
