"""The lock of a checkpoint folder names the process that holds it."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from zoo_core.errors import TargetError
from zoo_core.run_folder.lock import Holder, lock_holder, lock_run_folder


def test_the_process_that_holds_the_lock_is_known(tmp_path: Path) -> None:
    assert lock_holder(tmp_path / "run") is None
    with lock_run_folder(tmp_path / "run"):
        assert lock_holder(tmp_path / "run") == Holder(os.getpid(), socket.gethostname())
    assert lock_holder(tmp_path / "run") is None


def test_a_folder_in_use_is_refused_with_the_process_that_uses_it(tmp_path: Path) -> None:
    folder = tmp_path / "run"
    used = f"{folder} is in use by process {os.getpid()} on {socket.gethostname()}; wait for it"
    with lock_run_folder(folder):
        with pytest.raises(TargetError, match=used), lock_run_folder(folder):
            pass
        (folder / "state" / "HOLDER").unlink()
        with pytest.raises(TargetError, match="by another process"), lock_run_folder(folder):
            pass
    (tmp_path / "file").touch()
    with (
        pytest.raises(TargetError, match="file is not a folder"),
        lock_run_folder(tmp_path / "file", to_remove=True),
    ):
        pass


def test_a_killed_process_holds_no_lock(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state" / "LOCK").touch()
    (tmp_path / "state" / "HOLDER").write_text('{"pid": 1, "host": "owl"}')
    assert lock_holder(tmp_path) is None
