"""Writing several files in a process that is killed (SIGKILL) before any of its file operations."""

from __future__ import annotations

import os
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from zoo_core.storage.atomic import TEMPORARY, remove_temporary_files, write_file, write_files

pytestmark = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")
CHANGES = ("open", "os.rename", "os.remove", "os.link")
OLD = {"a": b"old", "b": b"of before", "d": b"another"}
NEW = {"a": b"new", "b": b"of now", "c": b"not there before", "d": b"the last"}


def killed(folder: Path, act: Callable[[], None], number: int) -> bool:
    """Acts in a process that kills itself before its file operation of a number, from 0.

    Returns:
        Whether it was killed; it was not if it has fewer operations.
    """
    with warnings.catch_warnings():  # from 3.12 on, of locks that other threads might hold
        warnings.simplefilter("ignore", DeprecationWarning)
        child = os.fork()
    if not child:
        operations = count()

        def hook(event: str, arguments: tuple[Any, ...]) -> None:
            is_inside = event in CHANGES and str(arguments[0]).startswith(str(folder))
            if is_inside and next(operations) == number:
                os.kill(os.getpid(), signal.SIGKILL)

        status = 1
        try:
            sys.addaudithook(hook)
            act()
            status = 0
        finally:
            os._exit(status)
    ended = os.waitpid(child, 0)[1]
    assert ended == 0 or os.WTERMSIG(ended) == signal.SIGKILL, "the act failed"
    return ended != 0


def kills(tmp_path: Path, act: Callable[[Path], None]) -> Iterator[Path]:
    """Yields what a kill before each file operation of an act leaves of a folder of ``OLD``."""
    for number in count():
        folder = tmp_path / str(number)
        folder.mkdir()
        for name, content in OLD.items():
            (folder / name).write_bytes(content)
        if not killed(folder, partial(act, folder), number):
            assert number > 1, "the act has no file operations"
            return
        yield folder


def write_new_files(folder: Path) -> None:
    """Replaces the files of ``OLD`` by those of ``NEW``."""
    write_files({folder / name: content for name, content in NEW.items()})


def contents(folder: Path) -> dict[str, bytes]:
    """The files of a folder by name, without temporary ones."""
    return {
        path.name: path.read_bytes()
        for path in folder.iterdir()
        if not TEMPORARY.fullmatch(path.name)
    }


def test_a_kill_leaves_every_one_of_several_files_as_before_or_as_after(tmp_path: Path) -> None:
    replaced = set()
    for folder in kills(tmp_path, write_new_files):
        left = contents(folder)
        is_new = [left.get(name) == content for name, content in NEW.items()]
        assert is_new == sorted(is_new, reverse=True), "they are replaced in their order"
        rest = list(NEW)[sum(is_new) :]
        assert {name: left[name] for name in rest if name in left} == {
            name: OLD[name] for name in rest if name in OLD
        }
        replaced.add(sum(is_new))
    assert replaced == {0, 1, 2, 3, 4}, "no file, some of them, all of them"


def test_after_a_kill_the_same_write_completes_the_files(tmp_path: Path) -> None:
    for folder in kills(tmp_path, write_new_files):
        write_new_files(folder)
        remove_temporary_files(folder)
        assert {path.name: path.read_bytes() for path in folder.iterdir()} == NEW


def test_a_kill_leaves_one_file_as_before_or_as_after(tmp_path: Path) -> None:
    found = {
        contents(folder)["a"]
        for folder in kills(tmp_path, lambda folder: write_file(folder / "a", NEW["a"]))
    }
    assert found == {OLD["a"], NEW["a"]}
