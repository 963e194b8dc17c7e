"""The commands of ``hub.md`` and ``share-on-the-hub.md``, carried out with a Hub on loopback."""

from __future__ import annotations

import shlex
import shutil
from pathlib import Path

import pytest

from tests.cli.command import Result
from tests.docs.pages import DOCS, PageBlock, read_document
from tests.docs.session import agrees, commands
from tests.hub.conftest import home, hub, settings_for
from tests.hub.process import run_forked
from tests.hub.server import Hub
from zoo_core.registry.sources import registry_path

__all__ = ["home", "hub"]
pytestmark = [pytest.mark.gate, pytest.mark.xdist_group("hub")]
PAGES = (DOCS / "hub.md", DOCS / "tutorials" / "share-on-the-hub.md")
LOGIN = "hf auth login"
"""Asks for a token, which the tests give by ``HF_TOKEN``."""
FILES = ("config.json", "model.safetensors", "README.md")


def _blocks(page: Path) -> list[PageBlock]:
    blocks = read_document(page.read_text("utf-8")).blocks
    return [block for block in blocks if Path(__file__).name in block.never]


@pytest.fixture
def folder(hub: Hub, hello: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working folder, with the run and the registry of the pages."""
    work = tmp_path / "work"
    work.mkdir()
    for name in ("hello-run", "mine"):
        shutil.copytree(hello, work / name)
    shutil.copyfile(registry_path(), work / "registry.toml")
    monkeypatch.chdir(work)
    return work


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_command_works_with_a_hub(page: Path, hub: Hub, home: Path, folder: Path) -> None:
    repo = "owner/repo" if page.stem == "hub" else "OWNER/hello"
    if page.stem == "hub":
        hub.repo(repo, {name: (folder / "mine" / name).read_bytes() for name in FILES})
        shutil.rmtree(folder / "mine")  # the page pulls it
    done = 0
    for block in _blocks(page):
        for command in commands(block.body):
            line = command.line.partition("  #")[0].strip()
            if line == LOGIN:
                continue
            if "@REVISION" in line:
                line = line.replace("REVISION", hub.repos[repo].branches["main"])
            result = _zoo(line, hub, home, folder / f".process-{done}")
            done += 1
            printed = [row.rstrip() for row in (result.stdout + result.stderr).splitlines()]
            if command.printed:
                shown = [row.replace(str(home / "zoo"), "~/.local/share/zoo") for row in printed]
                assert agrees(command.printed, shown), (line, shown)
            else:
                assert result.code == 0, (line, printed)
    assert done >= 5
    assert hub.requests


def _zoo(line: str, hub: Hub, home: Path, process: Path) -> Result:
    """Runs a command, before which variables may stand."""
    words = shlex.split(line)
    start = words.index("zoo")
    variables = dict(word.split("=", 1) for word in words[:start])
    variables = {"ZOO_REGISTRY": "registry.toml"} | variables
    return run_forked(process, tuple(words[start + 1 :]), settings_for(hub, home, **variables))
