"""Progress of a download: a bar on a terminal, one line elsewhere."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from zoo_cli.terminal.output import MAX_CELLS, echo, shorten
from zoo_core.storage.capacity import format_bytes

if TYPE_CHECKING:
    from zoo_core.downloads.progress import ProgressCallback

MAX_NAME = MAX_CELLS // 2
"""Columns of a file's name before its bar."""


def show_download(name: str, size: int) -> ProgressCallback:
    """Announces the download of a file of ``size`` bytes; returns its progress callback."""
    if not sys.stderr.isatty():
        echo(f"downloading {name}, {format_bytes(size)}", err=True)
        return lambda done, size: None
    from tqdm import tqdm

    bar = tqdm(total=size, unit="B", unit_scale=True, desc=shorten(name, MAX_NAME), leave=False)

    def show(done: int, size: int) -> None:
        bar.n = done
        bar.update(0)
        if done == size:
            bar.close()

    return show
