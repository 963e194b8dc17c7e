"""Wheels and sdists of this repository, built in this process and without a compiler."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from hatchling.builders.sdist import SdistBuilder
from hatchling.builders.wheel import WheelBuilder

Build = Callable[[Path], Path]
"""Builds the distribution of a folder of this repository, once."""
UNBUILT = shutil.ignore_patterns("build", "native.so", "not_built.txt", "__pycache__")


def build_here(
    builder: type[WheelBuilder] | type[SdistBuilder], project: Path, target: Path
) -> Path:
    """The wheel or sdist of a project, in a folder.

    zoo-kernels is copied there first, because its build writes into the source tree.
    """
    if project.name == "kernels":
        project = shutil.copytree(project, target / "kernels", ignore=UNBUILT)
    with pytest.MonkeyPatch.context() as patch:  # not longer: other tests compile
        patch.setenv("CXX", "")
        (path,) = builder(str(project)).build(directory=str(target), versions=["standard"])
    return Path(path)
