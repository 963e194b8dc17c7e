"""Line ends: a checkout on Windows has the bytes that the registry pins."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.workspace import ROOT
from zoo_core.scaffold.template_files import TEMPLATE

needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="there is no git")


@needs_git
@pytest.mark.parametrize("folder", [ROOT, TEMPLATE], ids=["ours", "new-plugin"])
def test_git_converts_no_line_end_whatever_its_settings(tmp_path: Path, folder: Path) -> None:
    def git(*words: str) -> None:
        settings = ("-c", "core.autocrlf=true", "-c", "user.name=n", "-c", "user.email=e")
        subprocess.run(["git", *settings, *words], cwd=tmp_path, check=True, capture_output=True)

    shutil.copy(folder / ".gitattributes", tmp_path)
    path, data = tmp_path / "config.json", b'{\n"a": 1\n}\n'
    path.write_bytes(data)
    git("init", "--quiet")
    git("add", ".")
    git("commit", "--quiet", "--message", "first")
    path.unlink()
    git("checkout", "--", ".")
    assert path.read_bytes() == data
