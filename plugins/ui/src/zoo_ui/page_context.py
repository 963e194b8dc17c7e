"""What the tabs of the page share: the catalog, loaded checkpoints, runs, pages in frames."""

from __future__ import annotations

import threading
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, final

from zoo_core.plugins.catalog import Catalog
from zoo_core.registry.checkpoints import load_registry
from zoo_core.run_folder.local_runs import run_names
from zoo_core.run_folder.manifest import MANIFEST
from zoo_core.run_folder.ownership import CURRENT, STATE
from zoo_ui.documents import Documents
from zoo_ui.processes import RunProcesses

if TYPE_CHECKING:
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint

MAX_CHECKPOINTS = 4
"""Checkpoints that are kept in memory."""


@final
class LoadedCheckpoints:
    """The checkpoints that were used last.

    Args:
        catalog: The installed plugins.
    """

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._kept: OrderedDict[tuple[Path, int], Checkpoint] = OrderedDict()
        self._lock = threading.Lock()  # the handlers of the page run in threads

    def get(self, reference: str) -> Checkpoint:
        """Returns a checkpoint; it is loaded again after its folder has changed.

        Raises:
            ZooError: It cannot be found or loaded.
        """
        from zoo_core.runtime.locate import find_folder, load_checkpoint

        folder = find_folder(self._catalog, reference)
        with self._lock:
            key = folder, _changed_at(folder)
            if key not in self._kept:
                self._kept[key] = load_checkpoint(self._catalog, reference)
            self._kept.move_to_end(key)
            while len(self._kept) > MAX_CHECKPOINTS:
                self._kept.popitem(last=False)
            return self._kept[key]


@final
@dataclass(frozen=True)
class PageContext:
    """What the tabs share.

    Args:
        catalog: The installed plugins.
        checkpoints: The checkpoints that were used last.
        processes: The commands that the page started.
        documents: The pages that it shows in frames.
    """

    catalog: Catalog
    checkpoints: LoadedCheckpoints
    processes: RunProcesses = field(default_factory=RunProcesses)
    documents: Documents = field(default_factory=Documents)

    def references(self) -> list[str]:
        """Returns what names a checkpoint here: local runs first, then pretrained ones."""
        registered = load_registry(self.catalog.registries, skip_broken=True)
        return [*run_names(), *registered]


def _changed_at(folder: Path) -> int:
    """Returns when a checkpoint was written, in nanoseconds; 0 if that is not known."""
    for path in (folder / MANIFEST, folder / STATE / CURRENT):
        try:
            return path.stat().st_mtime_ns
        except OSError:
            continue
    return 0
