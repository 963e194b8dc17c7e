"""A folder on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, final

import click


@final
class FolderPath(click.Path):
    """A path in which ``~`` is one's home: of ``--out=~/run`` the shell leaves it as it is.

    An empty path is refused, as of a variable that is not set: it would be the present folder.
    """

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """The path."""
        if not str(value):
            self.fail("an empty path; the present folder is .", param, ctx)
        try:
            return super().convert(Path(value).expanduser(), param, ctx)
        except RuntimeError as error:  # ~nobody
            self.fail(f"{value}: {error}", param, ctx)
