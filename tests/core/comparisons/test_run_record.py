"""What a comparison reads of a run folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.core.run_folder.manifests import VALUES
from zoo_core.comparisons.find_runs import find_runs
from zoo_core.comparisons.run_record import read_run
from zoo_core.errors import IntegrityError, MisfitError
from zoo_core.run_folder.manifest import MANIFEST, WEIGHTS
from zoo_core.run_folder.ownership import HISTORY, TIMINGS
from zoo_core.run_folder.safetensors_header import TensorRecord, make_header


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A run of two epochs, whose evaluations take as long as their steps."""
    folder = tmp_path / "runs" / "a"
    folder.mkdir(parents=True)
    header, _ = make_header({"weight": TensorRecord("F32", (2, 3))}, {})
    (folder / WEIGHTS).write_bytes(header + bytes(24))
    (folder / MANIFEST).write_text(json.dumps(VALUES))
    epochs = [{"epoch": 1, "steps": 5, "metrics": {}}, {"epoch": 2, "steps": 10, "metrics": {}}]
    timings = [
        {"epoch": 1, "seconds": 4.0, "step_seconds": 2.0, "tokens": 30, "later": 1},
        {"epoch": 2, "seconds": 10.0, "step_seconds": 3.0, "tokens": 40},
    ]
    for name, rows in ((HISTORY, epochs), (TIMINGS, timings)):
        (folder / name).write_text("".join(json.dumps(row) + "\n" for row in rows))
    return folder


def test_a_curve_is_over_all_tokens_and_the_seconds_of_the_steps_alone(run: Path) -> None:
    found = read_run(run)
    assert [(point.tokens, point.seconds) for point in found.curve] == [(30, 2.0), (70, 5.0)]
    assert (found.seconds, found.training_seconds, found.parameters) == (10.0, 5.0, 6)


def test_without_timings_nothing_is_said_of_times(run: Path) -> None:
    (run / TIMINGS).unlink()
    found = read_run(run)
    assert [(point.tokens, point.seconds) for point in found.curve] == [(None, None)] * 2
    assert (found.seconds, found.training_seconds) == (None, None)


def test_the_only_run_of_a_folder_must_be_whole_and_one_of_several_is_left_out(run: Path) -> None:
    other = run.with_name("b")
    other.mkdir()
    for name in (MANIFEST, WEIGHTS):
        (other / name).write_bytes((run / name).read_bytes()[:-1])
    with pytest.raises(IntegrityError, match="is damaged"):
        find_runs([other])
    found = find_runs([run.parent])
    assert [one.folder for one in found.runs] == [run]
    assert len(found.left_out) == 1
    (other / MANIFEST).unlink()
    (other / "state").mkdir()
    (other / "state" / "CURRENT").write_text("7\n")
    with pytest.raises(MisfitError, match="is unfinished"):
        find_runs([other])
