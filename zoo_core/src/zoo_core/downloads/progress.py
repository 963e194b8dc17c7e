"""Who is told of the progress of downloads."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from zoo_core.downloads.http import Listener

    Witness = Callable[[str, int], Listener]


def _nobody(name: str, size: int) -> Listener:
    return lambda done, size: None


_WITNESS: ContextVar[Witness] = ContextVar("witness", default=_nobody)


@contextlib.contextmanager
def witnessed(witness: Witness) -> Iterator[None]:
    """Has somebody told of the progress of every download inside."""
    token = _WITNESS.set(witness)
    try:
        yield
    finally:
        _WITNESS.reset(token)


def listening(name: str, size: int) -> Listener:
    """Somebody to tell of a file's progress, whoever transfers it.

    Args:
        name: Of the file that begins to move.
        size: In bytes.
    """
    return _WITNESS.get()(name, size)
