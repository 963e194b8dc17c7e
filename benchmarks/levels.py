"""Limits on the instruction sets of a report, to measure on this machine what older ones do.

With AVX2 as the limit, torch, oneDNN and XLA are limited to it too, as on a processor that has no
more. The other limits are those of the zoo's code alone, which torch and the peers do not have.
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
    "avx2": "all libraries limited to AVX2",
}
"""Each limit, and its description in a report."""
LIMITS_OF_OTHERS = {
    "avx2": {
        "ATEN_CPU_CAPABILITY": "avx2",
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "XLA_FLAGS": "--xla_cpu_max_isa=AVX2",
    }
}
"""Environment variables that limit torch, oneDNN, and JAX. Each library reads them before its first
computation. torch.compile has none for its C++ compiler."""
DEPENDENT_BENCHMARKS = ("peak", "training", "generation", "choice")
"""The benchmarks whose results depend on the limit."""


def catalog_at(level: str) -> Catalog:
    """The installed plugins, with instructions limited in this process; empty for no limit.

    It must be called before the first computation. Processes that start afterwards have the limit.
    """
    if level == UNCOMPILED:  # a plugin without native code behaves like a missing one
        return load_catalog(
            plugin for plugin in installed_plugins() if plugin.name != "zoo-kernels"
        )
    if level:
        os.environ |= {LEVEL: level} | LIMITS_OF_OTHERS.get(level, {})
    return load_catalog()


def limits_others() -> bool:
    """Whether ``catalog_at`` has limited torch and the peers too."""
    return os.environ.get(LEVEL) in LIMITS_OF_OTHERS
