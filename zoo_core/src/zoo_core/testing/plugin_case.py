"""A plugin to look at, as a whole."""

from __future__ import annotations

import contextlib
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.loading import HOOKS, call_hook, find_hooks
from zoo_core.testing.fresh_process import in_fresh_process

HEAVY = ("huggingface_hub", "matplotlib", "numpy", "safetensors", "torch")
LISTING = f"""
began = time.perf_counter()
catalog = load_catalog([plugin])
seconds = time.perf_counter() - began
for entry in catalog.entries:
    if config := getattr(entry.spec, "config", ""):
        resolve(config)
print(json.dumps([seconds, sorted({set(HEAVY)!r} & set(sys.modules))]))
"""


@final
@dataclass(frozen=True)
class PluginCase:
    """A plugin among the others.

    Args:
        plugin: The one to look at.
        catalog: What is installed.
    """

    plugin: Plugin
    catalog: Catalog

    def label(self) -> str:
        """The module that holds the hooks."""
        return f"import {self.plugin.module}"

    def smaller(self) -> tuple[PluginCase, ...]:
        """None."""
        return ()

    @property
    def module(self) -> Any:
        """The imported module."""
        return sys.modules[self.plugin.module]

    @cached_property
    def listing(self) -> tuple[float, list[str]]:
        """Seconds to load it alone, and the heavy modules that come with it and its configs."""
        seconds, heavy = in_fresh_process(self.plugin, LISTING)
        return seconds, heavy

    def offered(self) -> dict[str, list[Any]]:
        """What each hook returns."""
        with contextlib.redirect_stdout(sys.stderr):
            found = find_hooks(self.module)
            return {hook: call_hook(hook, found.get(hook, ())) for hook in HOOKS}
