"""A forked command does what a command in a fresh Python does."""

from __future__ import annotations

import re
from multiprocessing import forkserver
from pathlib import Path

import pytest

from tests.cli.command import Result
from tests.hub.conftest import settings_for
from tests.hub.process import PRELOADED, fork_server, run_forked, run_fresh
from tests.hub.server import Hub, running_hub


def test_the_fork_server_starts_where_it_finds_what_it_imports_beforehand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[Path] = []
    monkeypatch.setattr(forkserver, "ensure_running", lambda: started.append(Path.cwd()))
    monkeypatch.chdir(tmp_path)
    fork_server.__wrapped__()
    (folder,) = started
    assert (folder / f"{PRELOADED.replace('.', '/')}.py").is_file()
    assert Path.cwd() == tmp_path


@pytest.mark.gate
@pytest.mark.parametrize("command", ["pull", "push"])
def test_a_forked_command_does_what_a_fresh_one_does(
    files: dict[str, bytes], hello: Path, tmp_path: Path, command: str
) -> None:
    argument = (str(hello),) if command == "push" else ()
    reference = "owner/new" if command == "push" else "hub:owner/hello"
    arguments = (command, *argument, reference)
    outcomes = []
    for name in ("forked", "fresh"):
        with running_hub() as hub:
            hub.repo("owner/hello", files)
            settings = settings_for(hub, tmp_path / name)
            if name == "forked":
                result = run_forked(tmp_path / "output", arguments, settings)
            else:
                result = run_fresh(arguments, settings)
            outcomes.append((general(result, hub, tmp_path / name), hub.requests))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0].code == 0


def general(result: Result, hub: Hub, home: Path) -> Result:
    """A result without what differs from home to home and from Hub to Hub."""
    texts = (result.stdout, result.stderr)
    general_texts = (re.sub(rf"{re.escape(str(home))}|{hub.port}", "…", text) for text in texts)
    return Result(result.code, *general_texts)
