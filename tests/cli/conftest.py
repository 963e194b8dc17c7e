"""Fixtures that call the command line, install plugins and train small models."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import PROGRAM, InstallPlugin, Result, Zoo
from zoo_cli.main import run
from zoo_core.run_folder.local_paths import LOCAL

TEXT = "the quick brown fox jumps over the lazy dog\n" * 60


@pytest.fixture
def zoo(capsys: pytest.CaptureFixture[str]) -> Zoo:
    """``zoo("list", "--json")``: the command line in this process."""

    def call(*arguments: object) -> Result:
        capsys.readouterr()
        code = run([str(argument) for argument in arguments])
        output = capsys.readouterr()
        return Result(code, output.out, output.err)

    return call


@pytest.fixture
def zoo_process() -> Callable[..., subprocess.Popen[str]]:
    """``zoo_process("train", ...)``: the real command in a process of its own."""

    def start(*arguments: object, **settings: Any) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-c", PROGRAM, *map(str, arguments)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"},
            **settings,
        )

    return start


@pytest.fixture
def install_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> InstallPlugin:
    """``install_plugin("zoo-owl", "zoo_owl", {"zoo_owl.py": source})``: an installed plugin.

    The arguments are the plugin's name, the module of its hooks, its files and, if it has another
    name, its distribution. The folder that it is installed in is returned.
    """
    site = tmp_path / "site"

    def install(name: str, module: str, files: dict[str, str], *, distribution: str = "") -> Path:
        distribution = distribution or name
        info = site / f"{distribution.replace('-', '_')}-1.0.dist-info"
        info.mkdir(parents=True)
        metadata = f"Metadata-Version: 2.1\nName: {distribution}\nVersion: 1.0\n"
        (info / "METADATA").write_text(metadata)
        (info / "entry_points.txt").write_text(f"[zoo]\n{name} = {module}\n")
        monkeypatch.delitem(sys.modules, module, raising=False)
        for path, text in files.items():
            file = site / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
            imported = path.removesuffix(".py").replace("/", ".").removesuffix(".__init__")
            monkeypatch.delitem(sys.modules, imported, raising=False)
        monkeypatch.syspath_prepend(site)
        return site

    return install


@pytest.fixture
def text_file(tmp_path: Path) -> Path:
    """A small text."""
    path = tmp_path / "fox.txt"
    path.write_text(TEXT)
    return path


@pytest.fixture
def fox(text_file: Path) -> list[object]:
    """The arguments that train a small language model on a small text."""
    return train_on(text_file)


def train_on(path: Path) -> list[object]:
    """Returns the arguments of ``fox`` for a text."""
    settings = ["--dataset.path", path, "--dataset.steps", 16, "--trainer.batch-size", 4]
    sizes = ["--model.hidden-size", 12, "--trainer.epochs", 2]
    return ["train", "gru-embed", "--dataset", "text", *settings, *sizes]


@pytest.fixture(scope="session")
def prose_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint of ``fox``, which tests must not change, beside its text."""
    folder = tmp_path_factory.mktemp("prose")
    (folder / "fox.txt").write_text(TEXT)
    arguments = [*train_on(folder / "fox.txt"), "--out", folder / "prose"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_HOME", str(folder / "home"))
        assert run([str(argument) for argument in arguments]) == 0
    return folder / "prose"


@pytest.fixture
def prose(prose_once: Path, text_file: Path, tmp_path: Path) -> Path:
    """A copy of ``prose_once``, which tests may change, trained on ``text_file``."""
    folder = shutil.copytree(prose_once, tmp_path / "prose")
    paths = folder / "state" / LOCAL
    known = str(prose_once.with_name("fox.txt"))
    assert known in paths.read_text()
    paths.write_text(paths.read_text().replace(known, str(text_file)))
    return folder
