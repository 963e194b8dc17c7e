"""The type of an option that takes a name, a file or another text that is not empty."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, final

import click

EMPTY = "it is empty; is a variable unset?"
"""What the error says of a text that is empty."""


@final
class GivenText(click.types.StringParamType):
    """A text that is not empty.

    An empty or blank one, such as that of an unset variable, is rejected: it would mean the
    default, which the user did not ask for.

    Args:
        one_line: Whether the text is written into a file as one line, so that it holds no line end
            and no other control character.
        known: Returns what the error says if a required text is missing: the names that there are,
            or the command that lists them.
    """

    def __init__(self, *, one_line: bool = False, known: Callable[[], str] | None = None) -> None:
        self.one_line, self.known = one_line, known

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Returns the text; raises click's usage error if it is empty, or is to be one line."""
        text = str(super().convert(value, param, ctx))
        if not text.strip():
            self.fail(EMPTY, param, ctx)
        if self.one_line and not text.isprintable():
            self.fail(f"{text!r:.120}: expected one line of text", param, ctx)
        return text

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str | None:
        """Returns what the error says after the name of the option."""
        return self.known() if self.known else super().get_missing_message(param, ctx)
