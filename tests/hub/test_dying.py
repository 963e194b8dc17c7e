"""A push that is killed at any request: pushing again completes it, and makes one commit."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.command import PROGRAM, Zoo
from tests.hub.conftest import settings_for
from tests.hub.server import Fault, Hub

REQUESTS = range(12)
"""Of a first push: the repo, its head, its card, its files, the upload, the commit."""


@pytest.mark.slow
@pytest.mark.parametrize("when", ["before", "after"])
@pytest.mark.parametrize("count", REQUESTS)
def test_a_push_that_dies_is_completed_by_another(
    hub: Hub, zoo: Zoo, checkpoint: Path, home: Path, count: int, when: str
) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, "push", str(checkpoint), "owner/hello"],
        env=settings_for(hub, home),
        stderr=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
    )
    deadly = Fault("", "first" if when == "before" else "then", then=process.kill)
    hub.faults = [Fault("", "nothing")] * count + [deadly]
    assert process.wait(120) == -9
    assert hub.faults == []
    result = zoo("push", checkpoint, "owner/hello")
    assert result.code == 0, result.stderr
    assert len(hub.repos["owner/hello"].commits) == 2
    assert not list((home / "zoo" / "pushes").glob("owner--hello"))


def test_a_push_makes_no_more_requests_than_are_killed(
    hub: Hub, zoo: Zoo, checkpoint: Path
) -> None:
    assert zoo("push", checkpoint, "owner/hello").code == 0
    assert len(hub.requests) == len(REQUESTS), hub.requests
