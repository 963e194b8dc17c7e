"""Stale files: what killed processes leave in the zoo's folder is listed, files in use are not."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from filelock import FileLock

from zoo_core.doctor.result import DoctorResult
from zoo_core.doctor.stale_files import stale_files
from zoo_core.run_folder.lock import lock_run_folder
from zoo_core.storage.atomic import write_file
from zoo_core.storage.locations import zoo_home


@pytest.fixture
def home() -> Path:
    """The zoo's folder."""
    folder = zoo_home()
    (folder / "data").mkdir(parents=True)
    return folder


def _warnings() -> list[DoctorResult]:
    return [result for result in stale_files() if result.verdict != "ok"]


def _age(path: Path) -> None:
    os.utime(path, (0, 0))


def test_a_missing_home_has_no_stale_files() -> None:
    assert [result.message for result in stale_files()][:1] == ["no unfinished files"]


def test_an_old_temporary_file_is_listed_with_the_command_that_removes_it(home: Path) -> None:
    remains = home / "data" / ".a b.0123abcd.tmp"
    remains.touch()
    assert _warnings() == []
    _age(remains)
    (result,) = _warnings()
    assert result.remedy == f"rm -r '{remains}'"


def test_a_half_written_state_is_one_result(home: Path) -> None:
    folder = home / "runs" / "mine" / "state" / ".12.tmp"
    folder.mkdir(parents=True)
    (folder / ".inner.0123abcd.tmp").touch()
    _age(folder)
    assert [result.facts["path"] for result in _warnings()] == [str(folder)]


def test_complete_files_are_not_listed(home: Path) -> None:
    write_file(home / "data" / "text.txt", b"text")
    _age(home / "data" / "text.txt")
    assert _warnings() == []


def test_an_interrupted_download_is_ok(home: Path) -> None:
    (home / "data" / ".text.0123abcd.part").write_bytes(b"half")
    (result, _) = stale_files()
    assert result.verdict == "ok"
    assert "at 4 bytes; the next download resumes it" in result.message


def test_only_a_held_lock_is_listed(home: Path) -> None:
    path = home / "data" / ".text.lock"
    with FileLock(path):
        assert f"{path} is held by a running process" in [
            result.message for result in stale_files()
        ]
    path.touch()
    assert not [result for result in stale_files() if "is held" in result.message]
    assert _warnings() == []


def test_the_held_lock_of_a_run_is_listed(home: Path) -> None:
    with lock_run_folder(home / "runs" / "owl"):
        texts = [result.message for result in stale_files() if result.subject == "locks"]
    assert any("state/LOCK is held by a running process" in text for text in texts)


def test_a_file_of_a_user_that_ends_in_tmp_is_not_listed(home: Path) -> None:
    (home / "data" / "mine.tmp").touch()
    _age(home / "data" / "mine.tmp")
    assert _warnings() == []


def test_locks_are_counted_and_those_that_are_held(home: Path) -> None:
    (home / "data" / ".a.lock").touch()
    with FileLock(home / "data" / ".b.lock"):
        messages = [result.message for result in stale_files()]
    assert messages[-1] == "1 of 2 lock files held by a running process"
