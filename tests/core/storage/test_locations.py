"""The home folder: what is chosen, else the platform's place."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from zoo_core.storage.locations import runs_folder, zoo_home


def test_zoo_home_is_taken(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "mine"))
    assert zoo_home() == tmp_path / "mine"


def test_runs_lie_in_the_home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZOO_HOME", str(tmp_path))
    assert runs_folder() == tmp_path / "runs"


def test_a_tilde_is_the_home_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("ZOO_HOME", "~/mine")
    assert zoo_home() == tmp_path / "mine"


@pytest.mark.parametrize("chosen", ["", None])
@pytest.mark.parametrize(
    ("platform", "variable", "place"),
    [
        ("linux", "XDG_DATA_HOME", "data/zoo"),
        ("linux", "", "home/.local/share/zoo"),
        ("darwin", "", "home/Library/Application Support/zoo"),
        ("win32", "LOCALAPPDATA", "data/zoo"),
        ("win32", "", "home/AppData/Local/zoo"),
    ],
)
def test_without_it_the_platforms_place_is_taken(
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    chosen: str | None,
    platform: str,
    variable: str,
    place: str,
) -> None:
    for name in ("ZOO_HOME", "XDG_DATA_HOME", "LOCALAPPDATA"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("USERPROFILE", str(tmp_path / "home"))
    if chosen is not None:
        monkeypatch.setenv("ZOO_HOME", chosen)
    if variable:
        monkeypatch.setenv(variable, str(tmp_path / "data"))
    monkeypatch.setattr(sys, "platform", platform)
    assert zoo_home() == tmp_path / place


def test_asking_makes_no_folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "mine"))
    runs_folder()
    assert list(tmp_path.iterdir()) == []
