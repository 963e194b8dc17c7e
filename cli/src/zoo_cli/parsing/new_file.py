"""Files that a command writes."""

from __future__ import annotations

from pathlib import Path
from typing import Any, final

import click

from zoo_cli.parsing.folder import expanded


@final
class NewFile(click.Path):
    """A file that the command writes, in the format that its suffix says.

    The shell does not expand the ``~`` of ``--to=~/r.csv``; here it means the home folder. A file
    of another suffix is rejected, because the programs that open it would take it for something
    else.

    Args:
        suffixes: The suffixes of the formats, in lower case, the usual one first.
        synonyms: Further suffixes of these formats, which the error does not name.
    """

    def __init__(self, *suffixes: str, synonyms: tuple[str, ...] = ()) -> None:
        super().__init__(path_type=Path)
        self.suffixes, self.synonyms = suffixes, synonyms

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the expanded path.

        Raises:
            click.BadParameter: It is empty or a folder, or has another suffix.
        """
        names = " or a ".join(f"FILE{suffix}" for suffix in self.suffixes)
        if not str(value):
            self.fail(f"an empty path; name a {names}", param, ctx)
        path = expanded(self, value, param, ctx)
        if path.is_dir():
            self.fail(f"{value} is a folder; name a {names} in it", param, ctx)
        if path.suffix.lower() not in (*self.suffixes, *self.synonyms):
            self.fail(f"{value}: name a {names}", param, ctx)
        return super().convert(path, param, ctx)
