"""The hook trace: what loading a plugin calls, and how long every call takes."""

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
        plugin: The plugin's name.
        hook: The hook, or ``import`` for the import of the plugin's module.
        seconds: How long the call took.
        error: The type of the exception that it raised, or empty.
    """

    plugin: str
    hook: str
    seconds: float
    error: str


_TRACE: ContextVar[list[HookCall] | None] = ContextVar("trace", default=None)


@contextlib.contextmanager
def recording() -> Iterator[list[HookCall]]:
    """Yields a list that receives every call made inside, in order."""
    calls: list[HookCall] = []
    token = _TRACE.set(calls)
    try:
        yield calls
    finally:
        _TRACE.reset(token)


@contextlib.contextmanager
def traced_call(plugin: str, hook: str) -> Iterator[None]:
    """Adds the code inside to the trace as one call, if a trace is being recorded."""
    calls = _TRACE.get()
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
