"""The folder of a comparison's files, and what is compared if nothing has ended."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo_core.errors import MisfitError, TargetError
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.comparisons.files import DATA, PLOT, check_comparison_folder
from zoo_core.runtime.comparisons.references import compare_references, matrix_of_references
from zoo_core.sweeps.run_states import State, SweepRun


def _made(folder: Path, data: str = '{"metric": "loss", "rows": [], "remarks": []}') -> Path:
    folder.mkdir()
    (folder / DATA).write_text(data)
    (folder / "notes.txt").touch()
    return folder


def test_a_new_an_empty_and_an_own_folder_are_taken(tmp_path: Path) -> None:
    check_comparison_folder(tmp_path / "new")
    (tmp_path / "empty").mkdir()
    check_comparison_folder(tmp_path / "empty")
    (tmp_path / "empty" / f".{PLOT}.0123abcd.tmp").touch()  # of a process that was killed
    check_comparison_folder(tmp_path / "empty")
    check_comparison_folder(_made(tmp_path / "own"))


@pytest.mark.parametrize("data", ['{"metric": "loss"}', "[]", "{"])
def test_a_folder_with_files_of_others_is_refused(tmp_path: Path, data: str) -> None:
    with pytest.raises(TargetError, match="holds files that the zoo did not make"):
        check_comparison_folder(_made(tmp_path / "other", data))


def test_a_link_in_the_place_of_a_file_is_refused(tmp_path: Path) -> None:
    folder = _made(tmp_path / "own")
    (folder / PLOT).symlink_to(tmp_path / "elsewhere.png")
    with pytest.raises(TargetError, match=r"comparison\.png is a link"):
        check_comparison_folder(folder)


def test_runs_of_which_none_has_ended_are_named(catalog: Catalog, tmp_path: Path) -> None:
    states: list[tuple[State, str]] = [("missing", ""), ("failed", "no room")]
    runs = [
        SweepRun(
            name=f"seed={seed}",
            path=tmp_path / f"seed={seed}",
            model="gru",
            recipe="",
            dataset="text",
            label="",
            seed=seed,
            settings={},
            state=state,
            reason=reason,
            metrics={},
        )
        for seed, (state, reason) in enumerate(states)
    ]
    message = "no run has ended: seed=0 missing; seed=1 failed: no room"
    with pytest.raises(MisfitError, match=message):
        compare_references(catalog, [], trained=runs)
    with pytest.raises(MisfitError, match=message):
        matrix_of_references(catalog, [], trained=runs)
