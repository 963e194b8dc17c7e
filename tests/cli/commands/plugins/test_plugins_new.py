"""``zoo plugins new``: what it writes passes its own tests, types and rules of style."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from zoo_core.scaffold.new_plugin import KINDS

CACHE = Path(__file__).parents[2] / ".mypy_cache"
"""The gate has run mypy before; its findings about torch serve here too."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the command is called in."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def _python(folder: Path, *arguments: str) -> str:
    """Runs a module in a new plugin's folder, where the plugin is installed; what it printed."""
    site = folder.parent / "site"
    info = site / f"{folder.name.replace('-', '_')}-0.1.0.dist-info"
    info.mkdir(parents=True, exist_ok=True)
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {folder.name}\nVersion: 0.1.0\n")
    package = folder.name.replace("-", "_")
    (info / "entry_points.txt").write_text(f"[zoo]\n{folder.name} = {package}.plugin\n")
    done = subprocess.run(
        [sys.executable, "-m", *arguments],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": f"{folder / 'src'}{os.pathsep}{site}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _new(zoo: Zoo, name: str, *kinds: str) -> Path:
    result = zoo("plugins", "new", name, *(f"--{kind}" for kind in kinds), "--json")
    assert result.code == 0, result.stderr
    return Path(result.json["folder"])


def test_a_model_is_the_default(zoo: Zoo, here: Path) -> None:
    result = zoo("plugins", "new", "owl")
    assert "zoo-plugin-owl/src/zoo_plugin_owl/cell.py\n" in result.stdout
    assert "trainer.py" not in result.stdout
    assert "zoo train owl" in result.stderr
    assert {path.name for path in here.iterdir()} == {"zoo-plugin-owl"}


def test_the_prefix_may_be_typed(zoo: Zoo) -> None:
    assert _new(zoo, "zoo-plugin-owl").name == "zoo-plugin-owl"


def test_json_names_every_file(zoo: Zoo) -> None:
    said = zoo("plugins", "new", "owl", "--command", "--json").json
    folder = Path(said["folder"])
    assert said["brings"] == ["command"]
    found = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(said["files"]) == found


@pytest.mark.parametrize(
    "arguments", [["../owl"], ["Con"], ["lstm-embed"], ["plugins", "--command"]]
)
def test_a_name_that_cannot_be_is_exit_6(zoo: Zoo, here: Path, arguments: list[str]) -> None:
    result = zoo("plugins", "new", *arguments)
    assert (result.code, result.stdout) == (6, "")
    assert len(result.stderr.splitlines()) == 1
    assert not list(here.iterdir())


def test_twice_is_exit_6_and_the_first_stands(zoo: Zoo) -> None:
    readme = _new(zoo, "owl") / "README.md"
    readme.write_text("mine")
    assert zoo("plugins", "new", "owl", "--dataset").code == 6
    assert readme.read_text() == "mine"


def test_a_new_models_own_tests_pass(zoo: Zoo) -> None:
    said = _python(_new(zoo, "owl"), "pytest", "-q", "tests/test_cell.py", "tests/test_recipes.py")
    assert "2 passed" in said


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [[kind] for kind in KINDS] + [list(KINDS)], ids="-".join)
def test_the_own_tests_of_every_kind_pass(zoo: Zoo, kinds: list[str]) -> None:
    assert "passed" in _python(
        _new(zoo, "my-owl", *kinds), "pytest", "-q", "-p", "no:cacheprovider"
    )


@pytest.mark.skipif(not importlib.util.find_spec("mypy"), reason="mypy is not installed")
def test_types_of_every_kind_pass(zoo: Zoo) -> None:
    said = _python(_new(zoo, "my-owl", *KINDS), "mypy", "--cache-dir", str(CACHE))
    assert "no issues found" in said


@pytest.mark.skipif(not importlib.util.find_spec("ruff"), reason="ruff is not installed")
@pytest.mark.parametrize("kinds", [[kind] for kind in KINDS] + [list(KINDS)], ids="-".join)
def test_style_of_every_kind_passes(zoo: Zoo, kinds: list[str]) -> None:
    folder = _new(zoo, "my-owl", *kinds)
    _python(folder, "ruff", "check", "--no-cache", ".")
    _python(folder, "ruff", "format", "--no-cache", "--check", ".")
