"""What a crash leaves: a copy of a folder before every file operation of an action."""

from __future__ import annotations

import os
import shutil
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

WRITING = ("open", "os.rename", "os.mkdir", "os.rmdir", "os.remove", "os.truncate")


def crashes(folder: Path, into: Path, act: Callable[[], object]) -> list[Path]:
    """Acts in a process of its own, and copies the folder before each of its file operations.

    A process that is killed leaves what it has written so far, and that is what each copy holds.

    Args:
        folder: What the act writes to.
        into: Where the copies go.
        act: What is done; it must succeed.

    Returns:
        The copies in their order; the last is what the whole act leaves.
    """
    into.mkdir()
    with warnings.catch_warnings():  # from 3.12 on, of locks that other threads might hold
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        status = 1
        try:
            _copy_before_each_operation(folder, into)
            act()
            status = 0
        finally:
            os._exit(status)
    assert os.waitpid(child, 0)[1] == 0, "the act failed"
    shutil.copytree(folder, into / "whole")
    copies = sorted(path for path in into.iterdir() if path.name.isdigit())
    return [*copies, into / "whole"]


def _copy_before_each_operation(folder: Path, into: Path) -> None:
    count, busy = 0, False

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        nonlocal count, busy
        if event not in WRITING or busy or not folder.is_dir():
            return
        if event == "open" and not str(arguments[0]).startswith(str(folder)):
            return
        busy, count = True, count + 1
        shutil.copytree(folder, into / f"{count:04d}")
        busy = False

    sys.addaudithook(hook)
