"""What is wrong is found, with the command that mends it; a check that fails is a finding."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from zoo_core.doctor import checks as diagnosis
from zoo_core.doctor.checks import CHECKS
from zoo_core.doctor.result import DoctorResult, check_writable, examine


def _broken_check() -> list[DoctorResult]:
    raise ValueError("no\nluck")


def _only(rows: list[DoctorResult], subject: str) -> DoctorResult:
    (found,) = [row for row in rows if row.subject == subject]
    return found


def test_a_check_that_fails_stops_no_other() -> None:
    first, second = examine([_broken_check, diagnosis.python])
    assert (first.subject, first.verdict) == ("_broken_check", "wrong")
    assert first.said == "the check failed: ValueError: no luck"
    assert first.remedy
    assert second.subject == "python"


def test_where_all_is_well_nothing_is_wrong() -> None:
    found = examine(CHECKS)
    assert {row.subject for row in found} >= {"python", "versions", "plugins", "home", "disk"}
    assert [row for row in found if row.verdict == "wrong"] == []


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "REQUIRED_DISTRIBUTIONS", ("zoo-core", "no-such-thing"))
    _, missing = diagnosis.versions()
    assert (missing.verdict, missing.said) == ("wrong", "no-such-thing is missing")
    assert missing.remedy == "zoo plugins install --upgrade no-such-thing"


def test_no_installer_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo_core.installer.installer.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    (found,) = diagnosis.installer()
    assert found.verdict == "wrong"
    assert found.remedy.endswith("-m ensurepip")


def test_blocked_plugins_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-gru")
    summary, *rest = diagnosis.plugins()
    assert "1 ok" in summary.said
    assert {(row.verdict, row.remedy) for row in rest} == {("warning", "unset ZOO_PLUGINS")}


def test_a_name_that_no_plugin_has_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-unheard-of")
    found = [row for row in diagnosis.plugins() if "zoo-unheard-of" in row.said]
    assert [(row.verdict, row.remedy) for row in found] == [
        ("warning", "change or unset ZOO_PLUGINS")
    ]


def test_a_broken_plugin_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "zoo_sad-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo-sad\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[zoo]\nzoo-sad = zoo_sad_that_is_gone\n")
    monkeypatch.syspath_prepend(tmp_path)
    (found,) = [row for row in diagnosis.plugins() if row.verdict == "wrong"]
    assert "zoo-sad is broken: ModuleNotFoundError" in found.said
    assert "zoo plugins uninstall zoo-sad" in found.remedy


def test_a_home_that_is_a_file_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "file"))
    found = _only(diagnosis.home(), "home")
    assert found.verdict == "wrong"
    assert found.remedy.startswith("mv ")


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever is root may write anywhere")
def test_a_home_without_permission_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    monkeypatch.setenv("ZOO_HOME", str(folder / "zoo"))
    found = _only(diagnosis.home(), "home")
    assert found.verdict == "wrong"
    assert "chmod u+rwx" in found.remedy


def test_permission_is_asked_of_the_nearest_folder_there_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    found = check_writable("home", tmp_path / "a" / "b", "export ZOO_HOME=ELSEWHERE")
    assert found.said == f"{tmp_path} is not writable"
    assert found.remedy == f"chmod u+rwx {tmp_path}, or export ZOO_HOME=ELSEWHERE"


def test_a_full_disk_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "MIN_FREE_DISK", 10**18)
    found = _only(diagnosis.home(), "disk")
    assert found.verdict == "warning"
    assert "zoo runs" in found.remedy


def test_a_registry_that_is_wrong_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "registry.toml").write_text("schema = 1\nodd = 2\n")
    monkeypatch.setenv("ZOO_REGISTRY", str(tmp_path / "registry.toml"))
    (found,) = diagnosis.registry()
    assert (found.verdict, found.remedy) == ("wrong", "unset ZOO_REGISTRY")
    assert "odd" in found.said


def test_an_installer_is_named() -> None:
    (found,) = diagnosis.installer()
    assert found.said in ("pip", "uv")
