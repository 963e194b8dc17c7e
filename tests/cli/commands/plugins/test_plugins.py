"""``zoo plugins``."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.cli.command import InstallPlugin, Zoo

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
def old_plugin(install_plugin: InstallPlugin) -> Path:
    """The folder of an installed plugin that was built for another plugin API."""
    files = {"zoo_old_plugin.py": "ZOO_API = 0\n"}
    return install_plugin("zoo-old", "zoo_old_plugin", files, distribution="zoo-plugin-old")


def test_json_rows_have_the_promised_keys(zoo: Zoo) -> None:
    rows = zoo("plugins", "--json").json
    assert all(list(row) == KEYS for row in rows)
    assert {row["state"] for row in rows} == {"ok"}


def test_an_incompatible_plugin_is_shown_with_reason_and_remedy(zoo: Zoo, old_plugin: Path) -> None:
    output = zoo("plugins").stdout
    assert "zoo-old 1.0: incompatible\n" in output
    assert f"from: zoo-plugin-old, {old_plugin}" in output
    assert "reason: built for plugin API 0, this is 3" in output
    assert "remedy: upgrade it: zoo plugins install --upgrade zoo-plugin-old" in output
    assert "Traceback" not in output


@pytest.mark.usefixtures("old_plugin")
def test_verbose_shows_the_traceback(zoo: Zoo) -> None:
    assert "Traceback" in zoo("plugins", "-v").stdout
    rows = {row["name"]: row for row in zoo("plugins", "-v", "--json").json}
    assert "check_api" in rows["zoo-old"]["traceback"]


def test_blocked_plugins_are_listed_and_unknown_names_reported(
    zoo: Zoo, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ZOO_PLUGINS", "zoo-gru,zoo-unheard-of")
    result = zoo("plugins", "--json")
    states = {row["name"]: row["state"] for row in result.json}
    assert (states["zoo-gru"], states["zoo-text"]) == ("ok", "blocked")
    assert "zoo-unheard-of, which is not installed" in result.stderr
