"""Stdout and stderr while a plugin is loaded: what it prints goes to stderr."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Iterator
from typing import TextIO

from zoo_core.errors import PluginError

DESCRIPTORS = {"stdout": 1, "stderr": 2}
"""The file descriptors of the streams."""


@contextlib.contextmanager
def printing_to_stderr() -> Iterator[None]:
    """Inside, what is printed goes to stderr.

    Raises:
        PluginError: The code inside closes stdout or stderr, which are open again afterwards.
    """
    streams = {
        name: getattr(sys, name) for name in DESCRIPTORS if not _is_closed(getattr(sys, name))
    }
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        closed = [name for name, stream in streams.items() if _is_closed(stream)]
        for name in closed:
            setattr(sys, name, _opened_again(streams[name], DESCRIPTORS[name]))
    if closed:
        raise PluginError("it closes stdout or stderr")


def _is_closed(stream: object) -> bool:
    """Whether a stream is closed; one that is None, without a console, is not."""
    return getattr(stream, "closed", False) is True


def _opened_again(stream: TextIO, descriptor: int) -> TextIO:
    """Returns a stream in the place of a closed one, with its encoding."""
    target: int | str = descriptor
    try:
        os.fstat(descriptor)
    except OSError:  # it is closed too
        target = os.devnull
    return open(
        target,
        "w",
        buffering=1,
        encoding=getattr(stream, "encoding", None),  # which an object in its place may lack
        errors=getattr(stream, "errors", None),
        closefd=target != descriptor,
    )
