"""Folders on the command line."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, final

import click
from click.shell_completion import CompletionItem

from zoo_cli.parsing.completion_items import complete_run
from zoo_core.errors import TargetError
from zoo_core.run_folder.local_runs import find_run_folder
from zoo_core.storage.locations import leads_nowhere, nearest_existing


@final
class FolderPath(click.Path):
    """A path in which ``~`` means the home folder.

    The shell does not expand the ``~`` of ``--out=~/run``. An empty path, such as that of an unset
    variable, is rejected because it would mean the current folder.

    Args:
        takes_runs: Whether the name of a local run stands for its folder.
        is_target: Whether the command writes to the folder, so that it must not be a file.
    """

    def __init__(self, *, takes_runs: bool = False, is_target: bool = False) -> None:
        super().__init__(path_type=Path)
        self.takes_runs, self.is_target = takes_runs, is_target

    def shell_complete(
        self, ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        """Completes folders, and the names of local runs where they stand for them."""
        folders = [CompletionItem(incomplete, type="dir")]
        return folders + (complete_run(ctx, param, incomplete) if self.takes_runs else [])

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        """Returns the expanded path.

        Raises:
            TargetError: The command writes to the folder, and it or a parent is a file, not
                writable, or a link that leads nowhere.
        """
        if not str(value):
            self.fail("an empty path; write . for the current folder", param, ctx)
        if self.takes_runs and (folder := find_run_folder(str(value))):
            return folder
        folder = expanded(self, value, param, ctx)
        if self.is_target:
            _check_target(folder, param)
        return super().convert(folder, param, ctx)


def expanded(
    kind: click.ParamType,  # type: ignore[type-arg]  # generic from click 8.5 on only
    value: Any,
    param: click.Parameter | None,
    ctx: click.Context | None,
) -> Path:
    """Returns a path in which ``~`` means the home folder; an unknown user is a usage error."""
    try:
        return Path(value).expanduser()
    except RuntimeError:  # ~nobody
        kind.fail(f"{value}: no such user; write the path without ~", param, ctx)


def _check_target(folder: Path, param: click.Parameter | None) -> None:
    """Raises TargetError if a folder, or the nearest parent that exists, cannot be written to.

    A command that found out only when it writes would have done its work for nothing.
    """
    nearest = nearest_existing(folder)
    remedy = f"; choose another with {param.opts[0]}" if param else ""
    if leads_nowhere(nearest):
        raise TargetError(f"cannot write {folder}: {nearest} is a link that leads nowhere{remedy}")
    if not nearest.is_dir():
        raise TargetError(f"{nearest} is not a folder{remedy}")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise TargetError(f"cannot write {folder}: permission denied in {nearest}{remedy}")
