"""The commands that the page starts."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

pytest.importorskip("zoo_ui")
from zoo_ui.processes import RunProcesses

pytestmark = [
    pytest.mark.full,
    # the file of the messages stays open as long as the page
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]
PATIENCE = 60.0
"""Seconds to wait for a command."""


def test_a_command_that_fails_without_a_folder_is_known_with_its_message(tmp_path: Path) -> None:
    processes, folder = RunProcesses(), tmp_path / "run"
    processes.start(folder, ["list", "nonsense"])
    end = time.monotonic() + PATIENCE
    while processes.is_running(folder) and time.monotonic() < end:
        time.sleep(0.02)
    assert processes.failed() == [folder]
    assert processes.failure(folder).startswith("Error: ")
    assert not folder.exists()
    with pytest.MonkeyPatch.context() as patch:
        patch.delattr("os.pread")  # as on Windows
        assert processes.messages(folder) == ""
        assert processes.failed() == []
