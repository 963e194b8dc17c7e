"""What refuses to go on, and what it says."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.runtime.runs import contents, finish, interrupt, small_run_config
from zoo_core.errors import NotFoundError, ResumeError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.manifest import read_manifest
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.resume import resume
from zoo_core.runtime.run import Run


def test_a_finished_run_refuses_to_go_on(catalog: Catalog, trained: Path) -> None:
    before = contents(trained)
    with pytest.raises(ResumeError, match="zoo train lstm-embed --dataset text --from /"):
        resume(catalog, trained)
    assert contents(trained) == before


def test_a_folder_without_a_run_cannot_be_resumed(catalog: Catalog, tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match="no run to resume"):
        resume(catalog, tmp_path)


@pytest.fixture
def changed(catalog: Catalog, tmp_path: Path) -> Path:
    """An interrupted run whose text has changed since."""
    path, folder = tmp_path / "text.txt", tmp_path / "run"
    path.write_text("abcdefg hijklmnop\n" * 20)
    interrupt(Run(catalog, small_run_config(catalog, path), folder), 2)
    path.write_text("abcdefg hijklmnop\n" * 19 + "abcdefg hijklmnoo\n")
    return folder


def test_changed_data_refuses_to_resume_and_is_named(catalog: Catalog, changed: Path) -> None:
    with pytest.raises(ResumeError, match="the data has changed; --force"):
        resume(catalog, changed)
    assert read_manifest(changed).status == "interrupted"


def test_force_goes_on_with_changed_data(catalog: Catalog, changed: Path) -> None:
    assert finish(resume(catalog, changed, force=True)).manifest.status == "finished"


@pytest.mark.parametrize(
    ("schedule", "warm_up"), [("OneCycleLR", 0), ("CosineAnnealingLR", 0), ("LinearLR", 2)]
)
@pytest.mark.parametrize("repeats", [8, 60])
def test_a_schedule_is_not_forced_onto_data_of_other_steps(
    catalog: Catalog, tmp_path: Path, schedule: str, warm_up: int, repeats: int
) -> None:
    path, folder = tmp_path / "text.txt", tmp_path / "run"
    path.write_text("abcdefg hijklmnop\n" * 20)
    trainer = {"schedule": schedule, "warm_up": warm_up}
    interrupt(Run(catalog, small_run_config(catalog, path, trainer=trainer), folder), 2)
    path.write_text("abcdefg hijklmnop\n" * repeats)
    before = contents(folder)
    message = rf"schedule = '{schedule}' was made for \d+ steps, .* the run has \d+; .* --from /"
    with pytest.raises(ResumeError, match=message):
        resume(catalog, folder, force=True)
    assert contents(folder) == before


def test_without_a_schedule_force_goes_on_with_more_data(catalog: Catalog, tmp_path: Path) -> None:
    path, folder = tmp_path / "text.txt", tmp_path / "run"
    path.write_text("abcdefg hijklmnop\n" * 20)
    trainer = {"schedule": None, "warm_up": 2}
    interrupt(Run(catalog, small_run_config(catalog, path, trainer=trainer), folder), 2)
    path.write_text("abcdefg hijklmnop\n" * 40)
    assert finish(resume(catalog, folder, force=True)).manifest.status == "finished"


def test_changed_versions_refuse_to_resume_and_are_named(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    interrupt(Run(catalog, run_config, tmp_path), 2)
    values = next(tmp_path.glob("state/*/values.json"))
    saved = json.loads(values.read_text())
    saved["versions"] |= {"torch": "1.0", "zoo-lstm": "0.0"}
    values.write_text(json.dumps(saved))
    with pytest.raises(ResumeError, match=r"torch was 1\.0, is 2.*zoo-lstm was 0\.0, is"):
        resume(catalog, tmp_path)


def test_a_relative_path_seen_from_elsewhere_names_the_remedy(
    catalog: Catalog, text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "run"
    monkeypatch.chdir(text_file.parent)
    run_config = small_run_config(catalog, Path(text_file.name), trainer={"epochs": 1})
    interrupt(Run(catalog, run_config, folder), 2)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ResumeError, match=r"^cannot read fox\.txt: .* resume in the folder where"):
        resume(catalog, folder)
    monkeypatch.chdir(text_file.parent)
    assert finish(resume(catalog, folder)).manifest.status == "finished"


def test_data_that_is_gone_is_called_out_of_reach(catalog: Catalog, changed: Path) -> None:
    (changed.parent / "text.txt").unlink()
    with pytest.raises(ResumeError, match=r"^the data is out of reach: cannot read .*text\.txt"):
        resume(catalog, changed)
