"""The zoo as wheels in a fresh environment, with a good plugin and one that breaks in all ways."""

from __future__ import annotations

import zipfile
from pathlib import Path

import pytest

from tests.cli.command import Result
from tests.installs.environment import OFFLINE, Environment
from tests.installs.third_party import ways_to_break

pytestmark = pytest.mark.gate
INCOMPATIBLE = ("bad-api-older", "bad-api-newer", "bad-api-no-number")


@pytest.fixture(scope="module")
def listing(environment: Environment) -> Result:
    """``zoo plugins --json`` there."""
    return environment.run("zoo", "plugins", "--json")


def test_the_good_plugin_is_ok_beside_every_broken_one(listing: Result) -> None:
    rows = {row["name"]: row for row in listing.json}
    assert rows["zoo-plugin-owl"]["state"] == "ok"
    kinds = ("model", "dataset", "trainer", "kernel", "logger", "command")
    assert rows["zoo-plugin-owl"]["contributes"] == {
        **{kind: ["owl"] for kind in kinds},
        "recipe": ["owl.hello", "owl.parity"],
    }
    assert {rows[name]["state"] for name in ("zoo-text", "zoo-train", "zoo-gru")} == {"ok"}


@pytest.mark.parametrize("name", ways_to_break())
def test_every_way_to_break_is_told_with_the_remedy(listing: Result, name: str) -> None:
    (row,) = [row for row in listing.json if row["name"] == name]
    assert row["state"] == ("incompatible" if name in INCOMPATIBLE else "broken")
    assert ways_to_break()[name][1] in row["reason"]
    assert row["version"] == "6.6.6"
    assert f"zoo plugins uninstall {name}" in row["remedy"]


def test_a_module_that_is_not_there_is_told(listing: Result) -> None:
    (row,) = [row for row in listing.json if row["name"] == "bad-gone"]
    assert "No module named 'zoo_plugin_bad.gone'" in row["reason"]


def test_lists_hold_what_works(environment: Environment) -> None:
    result = environment.run("zoo", "list", "--json")
    assert {"owl", "gru-embed"} <= {row["name"] for row in result.json}
    assert "bad-gone is broken" in result.stderr


def test_help_shows_the_good_plugins_command_and_runs_none_of_it(environment: Environment) -> None:
    program = (
        "import sys; from zoo_cli.main import run; code = run(['--help']);"
        "sys.exit(code or 'zoo_plugin_owl.command' in sys.modules)"
    )
    stdout = environment.run("python", "-c", program).stdout
    assert "  owl  Count the symbols of a text.\n" in stdout


def test_the_good_plugins_command_runs(environment: Environment, tmp_path: Path) -> None:
    (tmp_path / "text").write_text("noon")
    result = environment.run("zoo", "owl", str(tmp_path / "text"), "--json")
    assert result.json == {"n": 2, "o": 2}


def test_the_good_plugins_model_trains(environment: Environment, tmp_path: Path) -> None:
    result = environment.run("zoo", "train", "owl", "--out", str(tmp_path / "run"), "--json")
    assert result.json["metrics"]["train"]["accuracy"] == 1.0
    assert environment.run("zoo", "predict", str(tmp_path / "run"), "hello").stdout == "ohlol\n"


def test_a_checkpoint_inside_a_wheel_writes_text(environment: Environment) -> None:
    words = ("gru-embed.python-docs", "--prompt", "The ", "--length", "60", "--seed", "0")
    text = environment.run("zoo", "generate", *words).stdout
    assert text.startswith("The ")
    assert len(text.split()) > 6


def test_the_cores_wheel_brings_the_registry_and_the_template(wheels: dict[str, Path]) -> None:
    names = zipfile.ZipFile(wheels["zoo_core"]).namelist()
    assert "zoo_core/registry.toml" in names
    template = "zoo_core/scaffold/template/"
    hidden = (".gitattributes", ".github/workflows/ci.yml", ".gitignore")
    assert {f"{template}{name}" for name in hidden} <= set(names)
    assert not [name for name in names if name.startswith(template) and "cache" in name]


def test_a_new_plugin_is_written_there(environment: Environment, tmp_path: Path) -> None:
    program = (
        "import os, sys; os.chdir(sys.argv[1]); from zoo_cli.main import run; run(sys.argv[2:])"
    )
    arguments = [str(tmp_path), "plugins", "new", "heron", "--json"]
    files = environment.run("python", "-c", program, *arguments).json["files"]
    assert "src/zoo_plugin_heron/py.typed" in files
    assert not [name for name in files if "cache" in name]


def test_no_setting_of_pip_or_uv_reaches_the_environment(
    environment: Environment, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("PIP_CONSTRAINT", "PIP_FIND_LINKS", "UV_FIND_LINKS"):
        monkeypatch.setenv(name, "elsewhere")
    program = "import json, os; print(json.dumps(dict(os.environ)))"
    variables = environment.run("python", "-c", program).json
    assert {
        key: value for key, value in variables.items() if key.startswith(("PIP_", "UV_"))
    } == OFFLINE
