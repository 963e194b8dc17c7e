"""A push that is killed at any request is completed by another one, in one commit."""

from __future__ import annotations

from pathlib import Path
from threading import Event

import pytest

from tests.cli.command import Zoo
from tests.hub.conftest import settings_for
from tests.hub.process import start_forked
from tests.hub.server import Fault, Hub

REQUESTS = range(13)
"""The requests of a first push: repo, head, card, files, upload, commit."""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("count", REQUESTS)
def test_a_killed_push_is_completed_by_the_next(
    hub: Hub, zoo: Zoo, hello: Path, home: Path, tmp_path: Path, count: int, when: str
) -> None:
    started = Event()

    def kill() -> None:
        started.wait(60)
        process.kill()

    deadly = Fault("", "first" if when == "before" else "then", then=kill)
    hub.faults = [Fault("", "nothing")] * count + [deadly]
    arguments = ("push", str(hello), "owner/hello")
    process = start_forked(tmp_path / "killed", arguments, settings_for(hub, home))
    started.set()
    process.join(120)
    assert process.exitcode == -9
    assert hub.faults == []
    result = zoo("push", hello, "owner/hello")
    assert result.code == 0, result.stderr
    assert len(hub.repos["owner/hello"].commits) == 2
    assert not list((home / "zoo" / "pushes").glob("owner--hello"))


def test_every_request_of_a_push_is_killed_once(hub: Hub, zoo: Zoo, hello: Path) -> None:
    assert zoo("push", hello, "owner/hello").code == 0
    assert len(hub.requests) == len(REQUESTS), hub.requests
