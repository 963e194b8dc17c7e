"""Files that report a reproduction."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import final

from zoo_core.errors import IntegrityError, TargetError
from zoo_core.recipes.reproduction import (
    ReproductionResult,
    markdown,
    merge,
    read_reproduction,
    to_json,
)
from zoo_core.runtime.hardware.machine import machine_facts
from zoo_core.runtime.plots.forest_plot import forest_plot
from zoo_core.storage.atomic import (
    TEMPORARY,
    remove_temporary_files,
    target_errors,
    write_file,
    write_files,
)

RESULTS, TABLE, PLOT = "reproduction.json", "reproduction.md", "reproduction.png"


@final
class ReproductionReport:
    """The files ``reproduction.json``, ``.md`` and ``.png``, rewritten after every recipe.

    Args:
        folder: Folder of the files, or None to write none. Rows that are already in them are
            kept unless their recipe is trained again.

    Raises:
        TargetError: ``reproduction.json`` is not the file of a reproduction, or the folder is not
            writable, holds files that the zoo did not make, or one of
            the three is a link.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.rows: list[ReproductionResult] = []
        if folder:
            with target_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=folder).close()
                _check_folder(folder)
                remove_temporary_files(folder)
            try:
                self.rows = read_reproduction(folder / RESULTS)
            except IntegrityError as error:
                raise TargetError(f"{error}; choose another folder with --out") from None
            if not self.rows:
                # From now on the folder is known as the zoo's.
                write_file(folder / RESULTS, to_json([]).encode())

    def add(self, row: ReproductionResult) -> ReproductionResult:
        """Adds or replaces a row, rewrites the files and returns the row with this machine."""
        measured = replace(row, machine=machine_facts())
        self.rows = merge(self.rows, [measured])
        if self.folder is not None:
            contents = {
                RESULTS: to_json(self.rows).encode(),
                TABLE: markdown(self.rows).encode(),
                PLOT: forest_plot(self.rows),
            }
            write_files({self.folder / name: content for name, content in contents.items()})
        return measured


def _check_folder(folder: Path) -> None:
    for path in (folder / RESULTS, folder / TABLE, folder / PLOT):
        if path.is_symlink():
            raise TargetError(f"{path} is a link, and a reproduction writes to it; remove the link")
    others = [path for path in folder.iterdir() if not TEMPORARY.fullmatch(path.name)]
    if others and not (folder / RESULTS).exists():
        raise TargetError(
            f"{folder} holds files that the zoo did not make; choose a new or empty folder"
        )
