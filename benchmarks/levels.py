"""Levels of native code, to measure on this machine what it does with less of it.

Only the zoo's own code is bounded: torch and the peers keep the instructions that they found.
"""

from __future__ import annotations

import os

from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import installed_plugins
from zoo_kernels.library import LEVEL

UNCOMPILED = "none"
LEVELS = {
    UNCOMPILED: "nothing compiled",
    "baseline": "native code without AVX2",
    "avx2": "native code up to AVX2",
}
"""What a report says of each."""
SUBJECTS = ("peak", "training", "generation")
"""What depends on the level."""


def catalog_at(level: str) -> Catalog:
    """What is installed, its native code bounded for this process; empty for no bound."""
    if level == UNCOMPILED:  # a kernel that cannot run is passed over like one that is not there
        return load_catalog(each for each in installed_plugins() if each.name != "zoo-kernels")
    if level:
        os.environ[LEVEL] = level
    return load_catalog()
