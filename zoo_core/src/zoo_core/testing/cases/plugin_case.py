"""A plugin to check as a whole."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.loading import HOOKS, call_hook, find_hooks
from zoo_core.testing.cases.fresh_process import run_in_fresh_process

HEAVY_MODULES = ("huggingface_hub", "matplotlib", "numpy", "safetensors", "torch")
LISTING = f"""
began = time.perf_counter()
catalog = load_catalog(plugins)
seconds = time.perf_counter() - began
for entry in catalog.entries:
    if config := getattr(entry.spec, "config", ""):
        resolve(config)
print(json.dumps([seconds, sorted({set(HEAVY_MODULES)!r} & set(sys.modules))]))
"""


@final
@dataclass(frozen=True)
class PluginCase:
    """A plugin among the installed ones.

    Args:
        plugin: The plugin to check.
        catalog: The installed plugins.
    """

    plugin: Plugin
    catalog: Catalog

    def label(self) -> str:
        """Returns the import of the plugin's module."""
        return f"import {self.plugin.module}"

    def smaller(self) -> tuple[PluginCase, ...]:
        """Returns nothing: a plugin has no smaller variant."""
        return ()

    @property
    def module(self) -> Any:
        """The imported module."""
        return sys.modules[self.plugin.module]

    @cached_property
    def listing(self) -> tuple[float, list[str]]:
        """The seconds to load the plugin alone, and the heavy modules that this imports."""
        seconds, heavy = run_in_fresh_process([self.plugin], LISTING)
        return seconds, heavy

    def hook_results(self) -> dict[str, list[Any]]:
        """Returns the list that each hook returns, by the hook's name."""
        with contextlib.redirect_stdout(sys.stderr):
            hooks = find_hooks(self.module)
            return {name: call_hook(name, hooks.get(name, ())) for name in HOOKS}
