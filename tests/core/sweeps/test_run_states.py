"""How far a run of a sweep is, read from its folder."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.run_folder.manifests import VALUES
from tests.core.sweeps.conftest import Ask
from zoo_core.errors import ConfigError, DivergedError
from zoo_core.run_folder.manifest import MANIFEST
from zoo_core.run_folder.ownership import TIMINGS
from zoo_core.sweeps.run_states import (
    FAILURE,
    State,
    forget_failure,
    record_failure,
    result_of,
    run_state,
)


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


@pytest.mark.parametrize(
    "text", ["{", "[1]", "{}", '{"reason": "x", "exit_code": "y"}', "[" * 100_000, "\udcff"]
)
def test_what_is_damaged_is_not_known(tmp_path: Path, text: str) -> None:
    (tmp_path / "state").mkdir()
    for path in (tmp_path / "state" / FAILURE, tmp_path / TIMINGS):
        path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert result_of(tmp_path).state == "missing"
    result = result_of(_run(tmp_path))
    assert (result.state, result.seconds, result.tokens_per_second) == ("finished", 0.0, 0.0)


@pytest.mark.parametrize(
    ("state", "exit_code", "expected"),
    [
        ("failed", DivergedError.exit_code, True),
        ("failed", ConfigError.exit_code, False),
        ("interrupted", DivergedError.exit_code, False),
    ],
)
def test_a_run_that_diverged_is_bound_to_fail_again(
    ask: Ask, tmp_path: Path, state: State, exit_code: int, expected: bool
) -> None:
    (run,) = ask().runs(1)
    found = replace(run_state(tmp_path, run), state=state, exit_code=exit_code)
    assert found.will_fail_again == expected


def test_a_row_has_the_settings_and_the_metrics_by_their_flat_names(
    ask: Ask, tmp_path: Path
) -> None:
    _, run = ask({"model.hidden_size": [4, 5]}, seeds=(7,)).runs(1)
    metrics = {"validation": {"loss": 0.5}, "test": {"accuracy": 1.0}}
    row = replace(run_state(tmp_path, run), metrics=metrics, tokens=9).row()
    assert (row["seed"], row["state"], row["tokens"], row["recipe"]) == (
        7,
        "missing",
        9,
        "rnn-cell.hello",
    )
    assert row["model.hidden_size"] == 5
    assert (row["validation.loss"], row["test.accuracy"]) == (0.5, 1.0)
