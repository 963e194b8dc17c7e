"""Fixtures that call the command line, install plugins and train small models."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import PROGRAM, InstallPlugin, Result, Zoo
from zoo_cli.main import run

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
    settings = ["--dataset.path", text_file, "--dataset.steps", 16, "--trainer.batch-size", 4]
    sizes = ["--model.hidden-size", 12, "--trainer.epochs", 2]
    return ["train", "gru-embed", "--dataset", "text", *settings, *sizes]


@pytest.fixture
def prose(zoo: Zoo, fox: list[object], tmp_path: Path) -> Path:
    """A checkpoint of a small language model."""
    folder = tmp_path / "prose"
    assert zoo(*fox, "--out", folder).code == 0
    return folder
