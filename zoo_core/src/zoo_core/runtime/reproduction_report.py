"""Files that report a reproduction."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import final

from zoo_core.recipes.reproduction import (
    ReproductionResult,
    markdown,
    merge,
    read_reproduction,
    to_json,
)
from zoo_core.runtime.hardware.machine import machine_facts
from zoo_core.runtime.plots.forest_plot import forest_plot
from zoo_core.storage.atomic import target_errors, write_file


@final
class ReproductionReport:
    """The files ``reproduction.json``, ``.md`` and ``.png``, rewritten after every recipe.

    Args:
        folder: Folder of the files, or None to write none. Rows that are already in them are
            kept unless their recipe is trained again.

    Raises:
        IntegrityError: ``reproduction.json`` is not the file of a reproduction.
        TargetError: The folder is not writable.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.rows: list[ReproductionResult] = []
        if folder:
            with target_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=folder).close()
            _, self.rows = read_reproduction(folder / "reproduction.json")

    def add(self, row: ReproductionResult) -> None:
        """Adds or replaces a row and rewrites the files."""
        self.rows = merge(self.rows, [row])
        if self.folder is None:
            return
        machine = machine_facts()
        write_file(self.folder / "reproduction.json", to_json(machine, self.rows).encode())
        write_file(self.folder / "reproduction.md", markdown(machine, self.rows).encode())
        write_file(self.folder / "reproduction.png", forest_plot(self.rows))
