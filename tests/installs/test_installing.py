"""``zoo plugins install`` and ``uninstall`` in a real environment, with pip and with uv."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.installs.environment import UV, Environment

pytestmark = pytest.mark.gate
WITH_UV = pytest.param(
    "own_environment", marks=pytest.mark.skipif(not UV, reason="uv is not here"), id="uv"
)
WITH_PIP = pytest.param("pip_environment", marks=pytest.mark.slow, id="pip")


@pytest.fixture(params=[WITH_UV, WITH_PIP])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Environment]:
    """An environment with uv alone, then one with pip; no test in it may run a plugin's code."""
    environment: Environment = request.getfixturevalue(request.param)
    yield environment
    assert not (tmp_path / "loaded").exists()


def test_a_plugin_comes_and_goes_while_another_is_broken(
    place: Environment, wheels: dict[str, Path], tmp_path: Path
) -> None:
    loaded, wheel = {"LOADED": str(tmp_path / "loaded")}, str(wheels["good"])
    installer = "pip" if (place.folder / "bin" / "pip").exists() else "uv"

    planned = place.run("zoo", "plugins", "install", "--dry-run", wheel, variables=loaded)
    assert "zoo-plugin-owl" in planned.stdout

    unasked = place.run("zoo", "plugins", "install", wheel, check=False, variables=loaded)
    assert unasked.code == 6
    assert "cannot ask for confirmation, stdin is not a terminal: add --yes" in unasked.stderr

    done = place.run("zoo", "plugins", "install", "--yes", "--json", wheel, variables=loaded).json
    assert done["installer"] == installer
    assert [change["name"] for change in done["changes"]] == ["zoo-plugin-owl"]
    assert done["plugins"] == ["zoo-plugin-owl"]
    assert place.run("zoo", "owl", __file__).code == 0

    again = place.run("zoo", "plugins", "install", "zoo-plugin-owl", variables=loaded)
    assert "nothing to change" in again.stderr

    gone = place.run("zoo", "plugins", "uninstall", "bad-gone", "--yes", "--json", variables=loaded)
    assert gone.json["changes"] == [{"name": "zoo-plugin-bad", "before": "6.6.6", "after": ""}]
    gone = place.run("zoo", "plugins", "uninstall", "zoo-plugin-owl", "--yes", variables=loaded)
    assert gone.stdout == "removed: zoo-plugin-owl\n"
    names = {row["name"] for row in place.run("zoo", "plugins", "--json").json}
    assert names == {"zoo-cli", "zoo-gru", "zoo-rnn", "zoo-text", "zoo-train"}


def test_what_the_installer_cannot_do_is_one_line_and_changes_nothing(
    place: Environment, tmp_path: Path
) -> None:
    odd = tmp_path / "zoo_plugin_odd-1.0-py3-none-any.whl"
    odd.write_text("no wheel")
    for expected in ("zoo-plugin-that-nobody-has", str(odd)):
        result = place.run("zoo", "plugins", "install", "--yes", expected, check=False)
        assert result.code == 7
        assert "install failed: " in result.stderr
        assert len(result.stderr.splitlines()) == 1
