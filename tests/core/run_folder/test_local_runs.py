"""Local runs: listed in any state, found by name, removed."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest

from tests.core.run_folder.manifests import VALUES
from zoo_core.errors import AmbiguousError, NotFoundError, TargetError
from zoo_core.run_folder.local_runs import (
    RUN_NAME,
    check_name_is_free,
    find_bare_folder,
    find_run,
    find_run_folder,
    link_run,
    list_runs,
    remove_run,
    shown_run,
    with_runs,
)
from zoo_core.run_folder.manifest import MANIFEST
from zoo_core.storage.locations import runs_folder


def _finished(name: str, parent: Path | None = None, **values: object) -> Path:
    folder = (parent or runs_folder()) / name
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text(json.dumps(VALUES | values))
    return folder


def _unfinished(name: str, current: str = "00000007", values: object = None) -> Path:
    folder = runs_folder() / name
    (folder / "state" / "00000007").mkdir(parents=True)
    (folder / "state" / "CURRENT").write_text(current + "\n")
    run_config = {"plan": {"model": "tiny", "recipe": "tiny.first"}} if values is None else values
    (folder / "state" / "00000007" / "values.json").write_text(json.dumps(run_config))
    return folder


def test_without_a_folder_there_are_no_runs() -> None:
    assert list_runs() == []


def test_runs_are_listed_by_name() -> None:
    _finished("b")
    _unfinished("a")
    (runs_folder() / "note.txt").touch()
    (runs_folder() / "in-a-circle").symlink_to("in-a-circle")
    (runs_folder() / "linked").symlink_to(runs_folder() / "a")
    assert [run.name for run in list_runs()] == ["a", "b", "linked"]


@pytest.mark.parametrize("status", ["finished", "interrupted"])
def test_a_run_with_a_manifest_has_its_facts(status: str) -> None:
    folder = _finished("a", status=status)
    (run,) = list_runs()
    assert (run.path, run.model, run.recipe, run.state) == (folder, "tiny", "tiny.first", status)
    assert run.metrics == VALUES["metrics"]
    assert run.size == (folder / MANIFEST).stat().st_size


def test_the_size_of_a_run_is_that_of_all_files_below_it() -> None:
    folder = _finished("a")
    (folder / "state" / "deep").mkdir(parents=True)
    (folder / "state" / "deep" / "file").write_bytes(b"four")
    (folder / "round").symlink_to(folder)
    (folder / "gone").symlink_to(folder / "nowhere")
    (run,) = list_runs()
    assert run.size == (folder / MANIFEST).stat().st_size + 4


def test_a_run_without_manifest_is_unfinished() -> None:
    _unfinished("a")
    (run,) = list_runs()
    assert (run.model, run.recipe, run.state) == ("tiny", "tiny.first", "unfinished")


@pytest.mark.parametrize(
    ("current", "values"), [("00000008", None), ("", None), ("00000007", []), ("00000007", {})]
)
def test_a_state_that_cannot_be_read_is_damaged(current: str, values: object) -> None:
    _unfinished("a", current, values)
    assert [run.state for run in list_runs()] == ["damaged"]


def test_a_damaged_run_does_not_hide_the_others() -> None:
    _finished("a", format=3)
    (runs_folder() / "b").mkdir()
    _finished("c")
    assert [run.state for run in list_runs()] == ["damaged", "damaged", "finished"]


def test_a_run_is_found_by_name() -> None:
    folder = _finished("a")
    assert find_run("a").path == folder


def test_an_unknown_run_suggests_the_nearest() -> None:
    _finished("tiny.first")
    with pytest.raises(NotFoundError, match=r"no run 'tiny.frist'; did you mean tiny\.first\?"):
        find_run("tiny.frist")


def test_removing_a_run_leaves_the_others() -> None:
    _finished("a")
    _unfinished("b")
    remove_run(find_run("b"))
    assert [run.name for run in list_runs()] == ["a"]


@pytest.mark.parametrize("name", ["", ".", "..", "a/b"])
def test_only_names_of_runs_are_found(name: str) -> None:
    (_finished("a") / "b").mkdir()
    with pytest.raises(NotFoundError, match="no run"):
        find_run(name)


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A run in another folder, which is listed as ``other``."""
    folder = _finished("out", parent=tmp_path / "work")
    link_run(folder, "other")
    return folder


def test_a_run_of_another_folder_is_listed_until_it_is_gone(elsewhere: Path) -> None:
    _finished("a")
    assert [(run.name, run.path) for run in list_runs()][1:] == [("other", elsewhere)]
    assert find_run_folder("other") == elsewhere
    shutil.rmtree(elsewhere)
    assert [run.name for run in list_runs()] == ["a"]
    assert not (runs_folder() / "other").is_symlink()


def test_the_name_of_a_run_whose_folder_is_gone_is_free_again(
    elsewhere: Path, tmp_path: Path
) -> None:
    folder = _finished("new", parent=tmp_path / "work")
    with pytest.raises(TargetError, match=rf"there is a run other in {elsewhere}: choose another"):
        check_name_is_free("other", folder)
    check_name_is_free("other", elsewhere)
    shutil.rmtree(elsewhere)
    check_name_is_free("other", folder)
    link_run(folder, "other")
    assert find_run_folder("other") == folder


def test_a_link_to_what_is_no_run_is_not_listed(elsewhere: Path) -> None:
    (elsewhere / MANIFEST).unlink()
    assert list_runs() == []
    assert (runs_folder() / "other").is_symlink()


def test_a_folder_has_one_name(elsewhere: Path) -> None:
    link_run(_finished("second", parent=elsewhere.parent), "second")
    link_run(elsewhere, "newer")
    assert [run.name for run in list_runs()] == ["newer", "second"]


def test_a_run_in_the_folder_of_runs_gets_no_link() -> None:
    link_run(_finished("a"), "b")
    assert [run.name for run in list_runs()] == ["a"]


def test_a_run_of_another_folder_is_not_removed(elsewhere: Path) -> None:
    with pytest.raises(TargetError, match=rf"other lies in {elsewhere}: remove that folder"):
        remove_run(find_run("other"))
    assert (elsewhere / MANIFEST).exists()


def test_the_folder_of_a_run_is_told_the_name_of_the_run(elsewhere: Path) -> None:
    reason = re.escape(f"no run {str(elsewhere)!r}; the run in that folder is called other")
    with pytest.raises(NotFoundError, match=f"^{reason}$"):
        find_run(str(elsewhere))


def test_a_name_belongs_to_one_folder(elsewhere: Path, tmp_path: Path) -> None:
    check_name_is_free("other", elsewhere)
    check_name_is_free("free", tmp_path)
    with pytest.raises(TargetError, match=rf"there is a run other in {elsewhere}"):
        check_name_is_free("other", tmp_path / "new")


def test_a_run_and_a_folder_of_one_name_are_ambiguous(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _finished("a")
    monkeypatch.chdir(runs_folder())
    assert find_run_folder("a") == folder  # one and the same
    monkeypatch.chdir(tmp_path)
    assert find_run_folder("a") == folder
    (tmp_path / "a").mkdir()
    with pytest.raises(AmbiguousError, match=rf"a is a run and a folder: write {folder} or \./a$"):
        find_run_folder("a")


def test_a_run_is_shown_by_its_name_where_that_means_it_alone(
    elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = _finished("a")
    monkeypatch.chdir(tmp_path)
    assert shown_run(folder) == "a"
    assert shown_run(_finished("-a")) == str(runs_folder() / "-a")  # no option
    assert shown_run(elsewhere) == str(elsewhere)
    assert shown_run(runs_folder() / "gone") == str(runs_folder() / "gone")
    (tmp_path / "a").mkdir()
    assert shown_run(folder) == str(folder)


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "hub:a/b", "x" * 300, "\0", "none"])
def test_other_references_name_no_run(name: str) -> None:
    (_finished("a") / "b").mkdir()
    assert find_run_folder(name) is None
    assert find_bare_folder(name) is None


def test_the_date_of_a_run_is_that_of_its_last_save() -> None:
    manifest, state = _finished("a") / MANIFEST, _unfinished("b") / "state" / "CURRENT"
    for path, seconds in ((manifest, 100), (state, 200)):
        os.utime(path, (seconds, seconds))
    assert [run.changed_at for run in list_runs()] == [100, 200]


def test_a_link_of_windows_leads_to_the_folder_that_it_was_made_for(
    elsewhere: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    readlink = os.readlink
    monkeypatch.setattr(os, "readlink", lambda path: f"\\\\?\\{readlink(path)}")
    assert [(run.name, run.path) for run in list_runs()] == [("other", elsewhere)]
    link_run(elsewhere, "newer")
    assert [run.name for run in list_runs()] == ["newer"]


def test_a_folder_that_another_process_fills_is_not_removed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, rmdir = _unfinished("a"), Path.rmdir

    def fill_first(path: Path) -> None:
        if path == folder:
            (path / "new").write_bytes(b"of another run")
        rmdir(path)

    monkeypatch.setattr(Path, "rmdir", fill_first)
    with pytest.raises(TargetError, match=r"cannot write .*: Directory not empty"):
        remove_run(find_run("a"))
    assert (folder / "new").exists()


@pytest.mark.parametrize("name", ["owl", "owl.2", "nullify", "con-1", "a" * 100])
def test_a_name_of_a_run_is_one_on_every_platform(name: str) -> None:
    assert RUN_NAME.fullmatch(name)


@pytest.mark.parametrize("name", ["", ".", "-a", "a.", "nul", "NUL.run", "com1", "a/b", "a" * 101])
def test_what_windows_cannot_name_is_no_name_of_a_run(name: str) -> None:
    assert not RUN_NAME.fullmatch(name)


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("fxes", "no run or folder 'fxes' (did you mean foxes?), and no model 'fxes'"),
        ("nothing", "no run or folder 'nothing', and no model 'nothing'"),
        ("tinny", "no model 'tinny'"),  # which is near to a model
        ("./fxes", "no model './fxes'"),
    ],
)
def test_a_name_of_nothing_is_said_to_be_no_run_either(name: str, message: str) -> None:
    _finished("foxes")
    error = with_runs(name, NotFoundError(f"no model {name!r}"), ["tiny"])
    assert str(error) == message


def test_a_damaged_run_is_removed_whatever_it_holds() -> None:
    folder = runs_folder() / "damaged"
    folder.mkdir(parents=True)
    (folder / MANIFEST).write_text("{")
    (folder / "thesis.txt").touch()
    remove_run(find_run("damaged"))
    assert list_runs() == []
    assert not folder.exists()


def test_a_run_has_changed_when_its_manifest_was_written() -> None:
    folder = _finished("run")
    (folder / "state").mkdir()
    (folder / "state" / "CURRENT").write_text("7")
    for path, seconds in [(folder / MANIFEST, 1000), (folder / "state" / "CURRENT", 2000)]:
        os.utime(path, (seconds, seconds))
    assert find_run("run").changed_at == 1000
    (folder / MANIFEST).unlink()
    assert find_run("run").changed_at == 2000


def test_a_link_in_a_run_is_removed_and_not_what_it_leads_to(tmp_path: Path) -> None:
    (tmp_path / "work").mkdir()
    (tmp_path / "work" / "thesis.txt").touch()
    (_finished("run") / "link").symlink_to(tmp_path / "work")
    remove_run(find_run("run"))
    assert list_runs() == []
    assert (tmp_path / "work" / "thesis.txt").exists()


def test_a_run_that_is_removed_in_part_has_no_manifest_any_more(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder = _finished("run")
    for name in ("a", "b", "c"):
        (folder / name).mkdir()

    def refuse(path: Path) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(TargetError, match="Permission denied"):
        remove_run(find_run("run"))
    assert not (folder / MANIFEST).exists()
