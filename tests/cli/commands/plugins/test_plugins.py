"""``zoo plugins``: every plugin's state."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import Zoo

KEYS = [
    "name",
    "module",
    "distribution",
    "version",
    "state",
    "location",
    "contributes",
    "reason",
    "remedy",
]


@pytest.fixture
def old_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An installed distribution built for another plugin API."""
    info = tmp_path / "site" / "zoo_plugin_old-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: zoo-plugin-old\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[zoo]\nzoo-old = zoo_old_plugin\n")
    (tmp_path / "site" / "zoo_old_plugin.py").write_text("ZOO_API = 0\n")
    monkeypatch.syspath_prepend(tmp_path / "site")


def test_json_rows_have_the_promised_keys(zoo: Zoo) -> None:
    rows = zoo("plugins", "--json").json
    assert all(list(row) == KEYS for row in rows)
    assert {row["state"] for row in rows} == {"ok"}


@pytest.mark.usefixtures("old_plugin")
def test_an_incompatible_plugin_tells_whose_it_is_and_what_to_do(zoo: Zoo, tmp_path: Path) -> None:
    said = zoo("plugins").stdout
    assert "zoo-old 1.0: incompatible\n" in said
    assert f"from: zoo-plugin-old, {tmp_path / 'site'}" in said
    assert "reason: built for plugin API 0, this is 2" in said
    assert "remedy: upgrade it: zoo plugins install --upgrade zoo-plugin-old" in said
    assert "Traceback" not in said


@pytest.mark.usefixtures("old_plugin")
def test_verbose_shows_the_traceback(zoo: Zoo) -> None:
    assert "Traceback" in zoo("plugins", "-v").stdout
    rows = {row["name"]: row for row in zoo("plugins", "-v", "--json").json}
    assert "check_api" in rows["zoo-old"]["traceback"]


def test_blocked_plugins_and_names_that_nobody_has_are_told(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-gru,zoo-unheard-of")
    result = zoo("plugins", "--json")
    states = {row["name"]: row["state"] for row in result.json}
    assert (states["zoo-gru"], states["zoo-text"]) == ("ok", "blocked")
    assert "zoo-unheard-of, which is not installed" in result.stderr
