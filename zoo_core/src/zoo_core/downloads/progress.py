"""Progress of downloads: ``report_progress`` sets the callbacks that every transfer calls."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TypeAlias

ProgressCallback: TypeAlias = Callable[[int, int], None]
"""Called with the bytes that have arrived and the size of the file, in bytes."""
ProgressFactory: TypeAlias = Callable[[str, int], ProgressCallback]
"""Called with the name and size of a file before its transfer; makes the file's callback."""


def _no_progress(name: str, size: int) -> ProgressCallback:
    return lambda done, size: None


_FACTORY: ContextVar[ProgressFactory] = ContextVar("progress", default=_no_progress)


@contextlib.contextmanager
def report_progress(factory: ProgressFactory) -> Iterator[None]:
    """Reports the progress of every download inside to the callbacks of a factory."""
    token = _FACTORY.set(factory)
    try:
        yield
    finally:
        _FACTORY.reset(token)


def progress_callback(name: str, size: int) -> ProgressCallback:
    """The callback for the transfer of one file.

    Args:
        name: The file's name.
        size: Its size in bytes.
    """
    return _FACTORY.get()(name, size)
