"""The folder of a sweep: its file, its lock, its default place."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.sweeps.conftest import Ask
from zoo_core.errors import IntegrityError, NotFoundError, TargetError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.manifest import SWEEP
from zoo_core.storage.locations import zoo_home
from zoo_core.sweeps.checking import check_question
from zoo_core.sweeps.folder import (
    default_folder,
    lock_sweep_folder,
    read_sweep,
    write_sweep,
)
from zoo_core.sweeps.sweep import Sweep


def test_a_sweep_is_read_as_it_was_written(ask: Ask, catalog: Catalog, tmp_path: Path) -> None:
    values: dict[str, list[object]] = {"trainer.patience": [None, 3], "model.hidden_size": [3, 4]}
    drawn = ask(ranges={"trainer.learning_rate": "log:1e-4..1e-1"}, random=4, seeds=(0, 1))
    questions = (replace(ask(values), label="a=b"), drawn)
    sweep = Sweep(threads=3, questions=questions)
    write_sweep(tmp_path, sweep)
    read = read_sweep(tmp_path)
    assert [run.name for run in read.runs()] == [run.name for run in sweep.runs()]
    checked = tuple(check_question(catalog, question) for question in read.questions)
    assert replace(read, questions=checked) == sweep


def test_the_default_folder_depends_on_the_settings_but_not_on_values_and_seeds(ask: Ask) -> None:
    first = default_folder(ask({"model.hidden_size": [3, 4]}))
    assert first.parent == zoo_home() / "sweeps"
    assert first.name.startswith("rnn-cell.hello-")
    assert default_folder(ask({"model.hidden_size": [4, 5]}, seeds=(0, 1))) == first
    question = ask({"model.hidden_size": [3, 4]})
    seeded = replace(question, base=replace(question.base, seed=7, threads=2))
    assert default_folder(seeded) == first
    assert default_folder(ask({"model.hidden_size": [3]})) != first
    assert default_folder(ask({"model.hidden_size": [3, 4], "trainer.epochs": [3]})) != first
    assert default_folder(ask({"model.hidden_size": [3, 4]}, budget=9.0)) != first


def test_a_second_sweep_into_one_folder_is_refused(tmp_path: Path) -> None:
    with (
        lock_sweep_folder(tmp_path / "s"),
        pytest.raises(TargetError, match=r"is in use by process \d+ on .*; wait for it, or"),
        lock_sweep_folder(tmp_path / "s"),
    ):
        pass
    assert not (tmp_path / "s").exists()


def test_a_folder_with_other_files_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    with (
        pytest.raises(TargetError, match="holds files that are not of a sweep; choose a new"),
        lock_sweep_folder(tmp_path),
    ):
        pass
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_link_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    (tmp_path / "s").mkdir()
    (tmp_path / "s" / SWEEP).symlink_to(tmp_path / "mine")
    with (
        pytest.raises(TargetError, match=r"sweep\.toml is a link"),
        lock_sweep_folder(tmp_path / "s"),
    ):
        pass


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("format = ", "not valid TOML"),
        ("", "no format: it is not what zoo sweep wrote; remove it"),
        ("format = 2", "format 2: this core reads 1"),
        ("format = 1\nthreads = 1\nquestions = []", "questions = .*: expected at least one"),
        ("format = 1\nthreads = -1\nquestions = []", "threads = -1: expected an integer >= 0"),
    ],
)
def test_a_damaged_file_is_named(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / SWEEP).write_text(text)
    with pytest.raises(IntegrityError, match=rf"sweep\.toml: {message}"):
        read_sweep(tmp_path)


def test_a_folder_without_a_sweep_is_not_found(tmp_path: Path) -> None:
    with pytest.raises(NotFoundError, match=r"no sweep in .*: it has no sweep\.toml"):
        read_sweep(tmp_path)


def test_what_is_no_folder_or_missing_is_said_to_be_so(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotFoundError, match=r"no sweep in .*: it is no folder$"):
        read_sweep(tmp_path / "file")
    with pytest.raises(NotFoundError, match=r"no sweep in .*: there is no such folder$"):
        read_sweep(tmp_path / "gone")
