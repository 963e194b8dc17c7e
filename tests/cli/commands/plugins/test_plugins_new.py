"""``zoo plugins new``."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import Zoo
from zoo_core.scaffold.new_plugin import KINDS

TYPES = Path(__file__).parents[4] / ".mypy_cache"
"""The cache of this repository's types, in which the gate's mypy has left those of torch."""


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder that the command runs in."""
    folder = tmp_path / "work"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


def run_module(folder: Path, *arguments: str) -> str:
    """Runs a module in the folder of a new plugin, with the plugin installed; its output."""
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


def create(zoo: Zoo, name: str, *kinds: str) -> Path:
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
    assert create(zoo, "zoo-plugin-owl").name == "zoo-plugin-owl"


def test_json_names_every_file(zoo: Zoo) -> None:
    answer = zoo("plugins", "new", "owl", "--command", "--json").json
    folder = Path(answer["folder"])
    assert answer["brings"] == ["command"]
    files = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert set(answer["files"]) == files


@pytest.mark.parametrize(
    "arguments", [["../owl"], ["Con"], ["lstm-embed"], ["plugins", "--command"]]
)
def test_an_invalid_name_is_exit_6(zoo: Zoo, here: Path, arguments: list[str]) -> None:
    result = zoo("plugins", "new", *arguments)
    assert (result.code, result.stdout) == (6, "")
    assert len(result.stderr.splitlines()) == 1
    assert not list(here.iterdir())


def test_an_existing_folder_is_exit_6_and_kept(zoo: Zoo) -> None:
    readme = create(zoo, "owl") / "README.md"
    readme.write_text("mine")
    assert zoo("plugins", "new", "owl", "--dataset").code == 6
    assert readme.read_text() == "mine"


@pytest.mark.gate
def test_the_tests_of_a_new_model_pass(zoo: Zoo) -> None:
    tests = ("tests/test_cell.py", "tests/test_recipes.py")
    assert "2 passed" in run_module(create(zoo, "owl"), "pytest", "-q", *tests)


@pytest.mark.slow
@pytest.mark.parametrize("kinds", [[kind] for kind in KINDS] + [list(KINDS)], ids="-".join)
def test_the_tests_of_a_new_plugin_of_every_kind_pass(zoo: Zoo, kinds: list[str]) -> None:
    assert "passed" in run_module(
        create(zoo, "my-owl", *kinds), "pytest", "-q", "-p", "no:cacheprovider"
    )


@pytest.fixture
def types() -> Path:
    """A cache of types for new plugins, which is kept and begins as that of this repository.

    A plugin follows imports that the repository skips. In one cache, each would discard the types
    of the other.
    """
    folder = TYPES / "new-plugin"
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if not folder.exists() and (TYPES / version).is_dir():
        shutil.copytree(TYPES / version, folder / version)
    return folder


@pytest.mark.gate
@pytest.mark.skipif(not importlib.util.find_spec("mypy"), reason="mypy is not installed")
def test_a_new_plugin_of_every_kind_passes_mypy(zoo: Zoo, types: Path) -> None:
    folder = create(zoo, "my-owl", *KINDS)
    assert "no issues found" in run_module(folder, "mypy", "--cache-dir", str(types))


@pytest.mark.skipif(not importlib.util.find_spec("ruff"), reason="ruff is not installed")
@pytest.mark.parametrize("kinds", [[kind] for kind in KINDS] + [list(KINDS)], ids="-".join)
def test_a_new_plugin_of_every_kind_passes_ruff(zoo: Zoo, kinds: list[str]) -> None:
    folder = create(zoo, "my-owl", *kinds)
    run_module(folder, "ruff", "check", "--no-cache", ".")
    run_module(folder, "ruff", "format", "--no-cache", "--check", ".")
