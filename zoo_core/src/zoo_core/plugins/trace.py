"""What loading a plugin calls, and how long each call takes."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import NamedTuple, final


@final
class HookCall(NamedTuple):
    """One call into a plugin.

    Args:
        plugin: Its name.
        hook: The hook, or ``import`` for the import of its module.
        seconds: How long it took.
        error: The type of what it raised, or empty.
    """

    plugin: str
    hook: str
    seconds: float
    error: str


_CALLS: ContextVar[list[HookCall] | None] = ContextVar("calls", default=None)


@contextlib.contextmanager
def recording() -> Iterator[list[HookCall]]:
    """Has every call inside written down, in order."""
    calls: list[HookCall] = []
    token = _CALLS.set(calls)
    try:
        yield calls
    finally:
        _CALLS.reset(token)


@contextlib.contextmanager
def calling(plugin: str, hook: str) -> Iterator[None]:
    """Writes down what happens inside, where somebody records."""
    calls = _CALLS.get()
    if calls is None:
        yield
        return
    start, error = time.perf_counter(), ""
    try:
        yield
    except BaseException as raised:
        error = type(raised).__name__
        raise
    finally:
        calls.append(HookCall(plugin, hook, time.perf_counter() - start, error))
