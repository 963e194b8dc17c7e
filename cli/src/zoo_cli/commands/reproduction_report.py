"""The files of a reproduction, renewed after every recipe."""

from __future__ import annotations

import platform
import tempfile
from pathlib import Path
from typing import final

import torch

from zoo_core.recipes.reproduction import Row, markdown, merge, read_reproduction, to_json
from zoo_core.runtime.hardware.threads import cores
from zoo_core.runtime.plots.forest_plot import forest
from zoo_core.storage.atomic import target_errors, write_file


@final
class Report:
    """``reproduction.json``, ``.md`` and ``.png`` in a folder; nothing without one.

    Args:
        folder: Where; rows of recipes that are not trained again stay.

    Raises:
        IntegrityError: A file of that name holds something else.
        TargetError: The folder cannot be written to.
    """

    def __init__(self, folder: Path | None) -> None:
        self.folder = folder
        self.rows: list[Row] = []
        if folder:
            with target_errors(folder):
                folder.mkdir(parents=True, exist_ok=True)
                tempfile.TemporaryFile(dir=folder).close()
            _, self.rows = read_reproduction(folder / "reproduction.json")

    def add(self, row: Row) -> None:
        """Notes a row and renews the files."""
        self.rows = merge(self.rows, [row])
        if self.folder is None:
            return
        here = machine()
        write_file(self.folder / "reproduction.json", to_json(here, self.rows).encode())
        write_file(self.folder / "reproduction.md", markdown(here, self.rows).encode())
        write_file(self.folder / "reproduction.png", forest(self.rows))


def machine() -> dict[str, str]:
    """What a figure in seconds depends on."""
    return {
        "processor": _processor(),
        "cores": f"{cores()} cores",
        "torch": f"torch {torch.__version__.partition('+')[0]}",
        "python": f"Python {platform.python_version()}",
    }


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()
