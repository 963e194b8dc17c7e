"""Folders on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, final

import click


@final
class FolderPath(click.Path):
    """A path in which ``~`` means the home folder.

    The shell does not expand the ``~`` of ``--out=~/run``. An empty path, such as that of an unset
    variable, is rejected because it would mean the current folder.
    """

    def __init__(self) -> None:
        super().__init__(path_type=Path)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the expanded path."""
        if not str(value):
            self.fail("an empty path; write . for the current folder", param, ctx)
        try:
            return super().convert(Path(value).expanduser(), param, ctx)
        except RuntimeError as error:  # ~nobody: no such user
            self.fail(f"{value}: {error}", param, ctx)
