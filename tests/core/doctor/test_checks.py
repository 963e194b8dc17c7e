"""The checks of ``zoo doctor``: what they find, with the command that corrects it."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from zoo_core.doctor import checks as diagnosis
from zoo_core.doctor.checks import CHECKS
from zoo_core.doctor.result import DoctorResult, check_writable, examine
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.storage.locations import data_folder, zoo_home


def _broken_check() -> list[DoctorResult]:
    raise ValueError("no\nluck")


def _only(results: list[DoctorResult], subject: str) -> DoctorResult:
    (result,) = [result for result in results if result.subject == subject]
    return result


def test_a_check_that_fails_stops_no_other() -> None:
    first, second = examine([_broken_check, diagnosis.python])
    assert (first.subject, first.verdict) == ("_broken_check", "wrong")
    assert first.message == "the check failed: ValueError: no luck"
    assert first.remedy
    assert second.subject == "python"


def test_a_check_that_a_plugin_ends_stops_no_other() -> None:
    def leave() -> list[DoctorResult]:
        raise SystemExit("no licence")

    first, second = examine([leave, diagnosis.python])
    assert (first.verdict, first.message) == ("wrong", "the check failed: SystemExit: no licence")
    assert second.subject == "python"


def test_a_sound_installation_has_no_wrong_result() -> None:
    results = examine(CHECKS)
    subjects = {result.subject for result in results}
    assert subjects >= {"python", "versions", "plugins", "home", "disk"}
    assert [result for result in results if result.verdict == "wrong"] == []


def test_a_missing_distribution_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "REQUIRED_DISTRIBUTIONS", ("zoo-core", "no-such-thing"))
    _, missing = diagnosis.versions()
    assert (missing.verdict, missing.message) == ("wrong", "no-such-thing is missing")
    assert missing.remedy == "zoo plugins install --upgrade no-such-thing"


def test_a_missing_installer_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("zoo_core.installer.installer.find_spec", lambda name: None)
    monkeypatch.setenv("PATH", "")
    (result,) = diagnosis.installer()
    assert result.verdict == "wrong"
    assert result.remedy.endswith("-m ensurepip")


def test_blocked_plugins_are_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-gru")
    summary, *rest = diagnosis.plugins()
    assert "1 ok" in summary.message
    assert {(result.verdict, result.remedy) for result in rest} == {
        ("warning", "unset ZOO_PLUGINS")
    }


def test_a_name_that_no_plugin_has_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-unheard-of")
    results = [result for result in diagnosis.plugins() if "zoo-unheard-of" in result.message]
    assert [(result.verdict, result.remedy) for result in results] == [
        ("warning", "change or unset ZOO_PLUGINS")
    ]


def test_a_broken_plugin_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    info = tmp_path / "zoo_sad-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo-sad\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[zoo]\nzoo-sad = zoo_sad_that_is_gone\n")
    monkeypatch.syspath_prepend(tmp_path)
    (result,) = [result for result in diagnosis.plugins() if result.verdict == "wrong"]
    assert "zoo-sad is broken: ModuleNotFoundError" in result.message
    assert "zoo plugins uninstall zoo-sad" in result.remedy


def test_a_home_that_is_a_file_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "file"))
    result = _only(diagnosis.home(), "home")
    assert result.verdict == "wrong"
    assert result.remedy.startswith("mv ")
    assert result.message == f"{tmp_path / 'file'} is not a folder"


def test_a_home_that_is_a_link_to_nowhere_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "link").symlink_to("gone")
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "link" / "zoo"))
    result = _only(diagnosis.home(), "home")
    assert result.verdict == "wrong"
    assert result.message == f"{tmp_path / 'link'} is a link that leads nowhere"


@pytest.mark.skipif(os.geteuid() == 0, reason="whoever is root may write anywhere")
def test_a_home_without_permission_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "locked"
    folder.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    monkeypatch.setenv("ZOO_HOME", str(folder / "zoo"))
    result = _only(diagnosis.home(), "home")
    assert result.verdict == "wrong"
    assert "chmod u+rwx" in result.remedy


def test_permission_is_checked_on_the_nearest_existing_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "access", lambda path, mode: path != tmp_path)
    result = check_writable("home", tmp_path / "a" / "b", "export ZOO_HOME=ELSEWHERE")
    assert result.message == f"{tmp_path} is not writable"
    assert result.remedy == f"chmod u+rwx {tmp_path}, or export ZOO_HOME=ELSEWHERE"


def test_a_full_disk_is_a_warning(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "MIN_FREE_DISK", 10**18)
    result = _only(diagnosis.home(), "disk")
    assert result.verdict == "warning"
    assert "zoo runs" in result.remedy


def test_an_invalid_registry_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "registry.toml").write_text("schema = 1\nodd = 2\n")
    monkeypatch.setenv("ZOO_REGISTRY", str(tmp_path / "registry.toml"))
    (result,) = diagnosis.registry()
    assert (result.verdict, result.remedy) == ("wrong", "unset ZOO_REGISTRY")
    assert "odd" in result.message


def test_the_registry_of_a_plugin_is_repaired_by_upgrading_the_plugin(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "owls.toml"
    path.write_text("schema = 1\nodd = 2\n")
    plugin = Plugin("zoo-owl", "zoo_owl.plugin", "zoo-plugin-owl", "1.0")
    catalog = Catalog(entries=(), plugins=(plugin,), broken=(), registries=(path,))
    monkeypatch.setattr(diagnosis, "load_catalog", lambda plugins=None: catalog)
    (result,) = diagnosis.registry()
    assert (result.verdict, result.remedy) == (
        "wrong",
        "zoo plugins install --upgrade zoo-plugin-owl",
    )
    assert f"{path}, line 2: odd" in result.message


def test_the_registry_of_the_zoo_is_repaired_by_upgrading_the_zoo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "registry.toml"
    path.write_text("schema = 1\nodd = 2\n")
    monkeypatch.delenv("ZOO_REGISTRY", raising=False)
    monkeypatch.setattr("zoo_core.registry.sources.registry_path", lambda: path)
    (result,) = diagnosis.registry()
    assert result.remedy == "zoo plugins install --upgrade zoo-core"


def test_caches_are_counted_by_kind_with_their_size() -> None:
    (result,) = diagnosis.caches()
    assert result.message == f"0 encoded texts, 0 downloads: 0 B in {data_folder()}"
    data_folder().mkdir(parents=True)
    (data_folder() / "a.txt").write_bytes(bytes(1500))
    (result,) = diagnosis.caches()
    assert result.message == f"0 encoded texts, 1 download: 1.5 kB in {data_folder()}"
    assert result.facts["size"] == 1500


def test_the_free_disk_is_shown_in_gigabytes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "free_disk", lambda folder: 12_340_000_000)
    disk = _only(diagnosis.home(), "disk")
    assert (disk.verdict, disk.message) == ("ok", f"12.3 GB free for {zoo_home()}")


def test_a_home_that_is_not_there_yet_is_made_when_it_is_needed(tmp_path: Path) -> None:
    folder = tmp_path / "new"
    assert check_writable("home", folder, "").message == (
        f"{folder}, which is made when it is needed"
    )
    folder.mkdir()
    assert check_writable("home", folder, "").message == str(folder)


def test_an_installer_is_named() -> None:
    (result,) = diagnosis.installer()
    assert result.message in ("pip", "uv")
