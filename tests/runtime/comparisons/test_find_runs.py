"""The runs of a folder, and those that a sweep lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.runtime.sweeps.part_of_sweep import write_part_of_sweep
from zoo_core.comparisons.find_runs import find_runs
from zoo_core.errors import NotFoundError
from zoo_core.run_folder.manifest import SWEEP


def test_the_runs_that_a_sweep_lacks_are_named(hello: Path, tmp_path: Path) -> None:
    write_part_of_sweep(tmp_path / "s", hello, (0, 1, 2))
    for folder in (tmp_path / "s", tmp_path):
        found = find_runs([folder])
        (line,) = [line for line in found.left_out if "lacks" in line]
        assert line == (
            f"{tmp_path / 's'} lacks 2 of the runs that it was asked for: seed=1, seed=2; see: "
            f"zoo runs --sweep {tmp_path / 's'}"
        )


def test_many_missing_runs_are_counted(hello: Path, tmp_path: Path) -> None:
    write_part_of_sweep(tmp_path / "s", hello, tuple(range(1000)))
    (line,) = find_runs([tmp_path / "s"]).left_out
    assert "lacks 999 of the runs" in line
    assert "seed=1, seed=2, seed=3, seed=4, …; see" in line


def test_a_whole_or_a_damaged_sweep_lacks_nothing(hello: Path, tmp_path: Path) -> None:
    write_part_of_sweep(tmp_path / "s", hello, (0,))
    assert find_runs([tmp_path / "s"]).left_out == []
    (tmp_path / "s" / SWEEP).write_text("format = ")
    found = find_runs([tmp_path / "s"])
    assert (len(found.runs), found.left_out) == (1, [])


def test_a_run_that_was_stopped_before_its_first_save_is_left_out_beside_others(
    hello: Path, tmp_path: Path
) -> None:
    (tmp_path / "begun" / "state").mkdir(parents=True)
    hello.rename(tmp_path / "done")
    found = find_runs([tmp_path])
    assert [run.folder for run in found.runs] == [tmp_path / "done"]
    assert found.left_out == [
        f"no checkpoint in {tmp_path / 'begun'}: it has no config.json; see: zoo runs"
    ]
    with pytest.raises(NotFoundError, match="begun: it has no config"):
        find_runs([tmp_path / "begun"])


def test_runs_are_found_in_a_folder_of_sweeps_and_no_deeper(hello: Path, tmp_path: Path) -> None:
    (tmp_path / "a" / "b").mkdir(parents=True)
    hello.rename(tmp_path / "a" / "b" / "run")
    assert len(find_runs([tmp_path / "a"]).runs) == 1
    with pytest.raises(NotFoundError, match=f"no run in {tmp_path}; see: zoo runs"):
        find_runs([tmp_path])
