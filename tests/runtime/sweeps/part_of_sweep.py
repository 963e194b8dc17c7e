"""Writes a sweep of which one run is trained."""

from __future__ import annotations

import shutil
from pathlib import Path

from zoo_core.run_folder.manifest import read_manifest
from zoo_core.sweeps.folder import write_sweep
from zoo_core.sweeps.grid import Grid
from zoo_core.sweeps.question import Question
from zoo_core.sweeps.sweep import Sweep


def write_part_of_sweep(folder: Path, run: Path, seeds: tuple[int, ...]) -> Path:
    """Writes a sweep that was asked for seeds, of which ``seed=0`` is trained; returns its folder.

    Args:
        folder: The new folder.
        run: The run that is copied into it.
        seeds: The seeds.
    """
    folder.mkdir()
    question = Question(base=read_manifest(run).run_config, grids=(Grid(seeds=seeds),))
    write_sweep(folder, Sweep(threads=1, questions=(question,)))
    shutil.copytree(run, folder / "seed=0")
    return folder
