"""The home folder: what is chosen, else the platform's place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from zoo_core.storage.locations import leads_nowhere, nearest_existing, runs_folder, zoo_home


def test_zoo_home_sets_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "mine"))
    assert zoo_home() == tmp_path / "mine"


def test_runs_are_stored_in_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    assert runs_folder() == tmp_path / "runs"


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("ZOO_HOME", "~/mine")
    assert zoo_home() == tmp_path / "mine"


@pytest.mark.skipif(sys.platform != "linux", reason="the place of Linux")
@pytest.mark.parametrize("chosen", ["", None])
@pytest.mark.parametrize(
    ("data_home", "place"), [("data", "data/zoo"), ("", "home/.local/share/zoo")]
)
def test_the_default_home_is_in_the_folder_for_user_data(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, chosen: str | None, data_home: str, place: str
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / data_home) if data_home else "")
    monkeypatch.delenv("ZOO_HOME")
    if chosen is not None:
        monkeypatch.setenv("ZOO_HOME", chosen)
    assert zoo_home() == tmp_path / place


def test_locations_are_computed_without_making_folders(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "mine"))
    runs_folder()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("is_relative", [True, False])
@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        (".", "."),
        ("gone/a/b", "."),
        ("folder", "folder"),
        ("folder/a", "folder"),
        ("folder/../gone/a", "folder/.."),
        ("file/a/b", "file"),
        ("link/a", "link"),
        ("to-folder/a", "to-folder"),
    ],
)
def test_the_nearest_place_that_exists_is_a_parent_as_it_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, nearest: str, is_relative: bool
) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "file").touch()
    (tmp_path / "link").symlink_to("gone")
    (tmp_path / "to-folder").symlink_to("folder")
    monkeypatch.chdir(tmp_path)
    base = Path() if is_relative else tmp_path
    assert nearest_existing(base / path) == base / nearest


def test_a_link_leads_nowhere_only_if_its_target_is_missing(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to("gone")
    (tmp_path / "to-folder").symlink_to("folder")
    found = {name: leads_nowhere(tmp_path / name) for name in ("folder", "to-folder", "gone")}
    assert found == {"folder": False, "to-folder": False, "gone": False}
    assert leads_nowhere(tmp_path / "link")
