"""Limits on the instruction sets of native code, to measure on this machine what older ones do.

They limit the zoo's code only; torch and the peers use all instructions that they find.
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
"""Each limit, and its description in a report."""
DEPENDENT_BENCHMARKS = ("peak", "training", "generation", "choice")
"""The benchmarks whose results depend on the limit."""


def catalog_at(level: str) -> Catalog:
    """The installed plugins, with native code limited in this process; empty for no limit."""
    if level == UNCOMPILED:  # a plugin without native code behaves like a missing one
        return load_catalog(
            plugin for plugin in installed_plugins() if plugin.name != "zoo-kernels"
        )
    if level:
        os.environ[LEVEL] = level
    return load_catalog()
