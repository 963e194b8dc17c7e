"""What killed processes leave in the zoo's folder is found, and nothing that is in use."""

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
    return [row for row in stale_files() if row.verdict != "ok"]


def _age(path: Path) -> None:
    os.utime(path, (0, 0))


def test_a_home_that_is_not_there_has_none() -> None:
    assert [row.said for row in stale_files()][:1] == ["no unfinished files"]


def test_a_temporary_file_that_is_old_comes_with_its_removal(home: Path) -> None:
    remains = home / "data" / ".a b.0123abcd.tmp"
    remains.touch()
    assert _warnings() == []
    _age(remains)
    (found,) = _warnings()
    assert found.remedy == f"rm -r '{remains}'"


def test_a_state_half_written_is_one_finding(home: Path) -> None:
    folder = home / "runs" / "mine" / "state" / ".12.tmp"
    folder.mkdir(parents=True)
    (folder / ".inner.0123abcd.tmp").touch()
    _age(folder)
    assert [row.facts["path"] for row in _warnings()] == [str(folder)]


def test_what_is_whole_is_left_out(home: Path) -> None:
    write_file(home / "data" / "text.txt", b"text")
    _age(home / "data" / "text.txt")
    assert _warnings() == []


def test_an_interrupted_download_is_no_fault(home: Path) -> None:
    (home / "data" / ".text.0123abcd.part").write_bytes(b"half")
    (found, _) = stale_files()
    assert (found.verdict, "at 4 bytes; the next download resumes it" in found.said) == ("ok", True)


def test_a_lock_is_held_or_holds_nobody_up(home: Path) -> None:
    path = home / "data" / ".text.lock"
    with FileLock(path):
        assert f"{path} is held by a running process" in [row.said for row in stale_files()]
    path.touch()
    assert not [row for row in stale_files() if "is held" in row.said]
    assert _warnings() == []


def test_the_lock_of_a_run_is_one_too(home: Path) -> None:
    with lock_run_folder(home / "runs" / "owl"):
        said = [each.said for each in stale_files() if each.subject == "locks"]
    assert any("state/LOCK is held by a running process" in each for each in said)
