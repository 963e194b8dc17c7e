"""Printing of the core's log messages."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Iterator
from typing import final

from zoo_cli.terminal.output import echo
from zoo_core.escaping import printable

LOGGER = logging.getLogger("zoo_core")


@final
class MessageHandler(logging.Handler):
    """Prints each record as one line on stderr, above a progress bar if there is one."""

    def emit(self, record: logging.LogRecord) -> None:
        """Prints a record; a closed terminal does not stop the command."""
        line = printable(" ".join(record.getMessage().split("\n")))
        with contextlib.suppress(OSError):
            if "tqdm" in sys.modules:
                from tqdm import tqdm

                tqdm.write(line, file=sys.stderr)
            else:
                echo(line, err=True)


def show_messages() -> contextlib.AbstractContextManager[None]:
    """Prints the core's messages inside the context; in nested contexts, each one once."""
    if any(isinstance(handler, MessageHandler) for handler in LOGGER.handlers):
        return contextlib.nullcontext()
    return _use_handler(MessageHandler())


def hide_messages() -> contextlib.AbstractContextManager[None]:
    """Drops the core's messages inside the context; Python prints warnings by default."""
    return _use_handler(logging.NullHandler())


@contextlib.contextmanager
def _use_handler(handler: logging.Handler) -> Iterator[None]:
    level = LOGGER.level
    LOGGER.addHandler(handler)
    LOGGER.setLevel(logging.INFO)
    try:
        yield
    finally:
        LOGGER.setLevel(level)
        LOGGER.removeHandler(handler)
