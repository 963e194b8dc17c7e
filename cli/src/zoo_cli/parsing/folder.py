"""Folders on the command line."""

from __future__ import annotations

from pathlib import Path
from typing import Any, final

import click

from zoo_core.run_folder.local_runs import find_run_folder


@final
class FolderPath(click.Path):
    """A path in which ``~`` means the home folder.

    The shell does not expand the ``~`` of ``--out=~/run``. An empty path, such as that of an unset
    variable, is rejected because it would mean the current folder.

    Args:
        takes_runs: Whether the name of a local run stands for its folder.
    """

    def __init__(self, *, takes_runs: bool = False) -> None:
        super().__init__(path_type=Path)
        self.takes_runs = takes_runs

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the expanded path."""
        if not str(value):
            self.fail("an empty path; write . for the current folder", param, ctx)
        if self.takes_runs and (folder := find_run_folder(str(value))):
            return folder
        try:
            return super().convert(Path(value).expanduser(), param, ctx)
        except RuntimeError as error:  # ~nobody: no such user
            self.fail(f"{value}: {error}", param, ctx)
