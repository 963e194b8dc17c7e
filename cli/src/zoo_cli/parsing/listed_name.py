"""The type of an option that must be given and takes a name of a list."""

from __future__ import annotations

from collections.abc import Callable
from typing import final

import click


@final
class ListedName(click.types.StringParamType):
    """A name; if it is missing, the error says which there are.

    Args:
        known: Returns what the error says: the names, or the command that lists them.
    """

    def __init__(self, known: Callable[[], str]) -> None:
        self.known = known

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:
        """Returns what the error says after the name of the option."""
        return self.known()
