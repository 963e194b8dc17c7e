"""Processes apart from the terminal: Ctrl+C reaches this process alone, on Windows too."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import Any

import pytest

from zoo_core.processes import start_apart, stop_signal

NOTHING = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}


@pytest.mark.skipif(sys.platform == "win32", reason="there are no sessions")
def test_a_process_has_a_session_of_its_own() -> None:
    command = [sys.executable, "-c", "import os; print(os.getsid(0) == os.getpid())"]
    with start_apart(command, **NOTHING) as process:
        assert process.stdout
        assert process.stdout.read().split() == [b"True"]
    assert os.getsid(0) != process.pid


def test_on_windows_a_process_has_a_group_and_stops_at_ctrl_break(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    seen: dict[str, Any] = {}
    monkeypatch.setattr(subprocess, "CREATE_NEW_PROCESS_GROUP", 0x200, raising=False)
    monkeypatch.setattr(signal, "CTRL_BREAK_EVENT", 1, raising=False)
    monkeypatch.setattr(subprocess, "Popen", lambda command, **options: seen.update(options))
    start_apart(["any"], **NOTHING)
    assert seen["creationflags"] == 0x200
    assert stop_signal() == 1


@pytest.mark.skipif(sys.platform == "win32", reason="it is Ctrl+Break")
def test_elsewhere_a_process_stops_at_ctrl_c() -> None:
    assert stop_signal() == signal.SIGINT
