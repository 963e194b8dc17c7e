"""Files that report a reproduction."""

from __future__ import annotations

import platform
import tempfile
from pathlib import Path
from typing import final

import torch

from zoo_core.recipes.reproduction import (
    ReproductionResult,
    markdown,
    merge,
    read_reproduction,
    to_json,
)
from zoo_core.runtime.hardware.threads import count_cores
from zoo_core.runtime.plots.forest_plot import forest_plot
from zoo_core.storage.atomic import target_errors, write_file


@final
class Report:
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
        facts = machine()
        write_file(self.folder / "reproduction.json", to_json(facts, self.rows).encode())
        write_file(self.folder / "reproduction.md", markdown(facts, self.rows).encode())
        write_file(self.folder / "reproduction.png", forest_plot(self.rows))


def machine() -> dict[str, str]:
    """Returns what a figure in seconds depends on: processor, cores and versions."""
    return {
        "processor": _processor(),
        "cores": f"{count_cores()} cores",
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
