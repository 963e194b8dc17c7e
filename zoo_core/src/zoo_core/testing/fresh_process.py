"""Looking at a plugin in a Python of its own, which nothing has been imported into."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from zoo_core.errors import PluginError
from zoo_core.plugins.discovery import Plugin

PREAMBLE = """
import json, sys, time
from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.import_strings import resolve

plugin = Plugin(*json.loads(sys.argv[1]))
"""
FINGERPRINTS = """
from zoo_core.downloads.download import no_downloads
from zoo_core.configs.settings import build_config
from zoo_core.plugins.specs import DatasetSpec
from zoo_core.testing.sample_values import dataset_values

found = {}
for _, spec in load_catalog([plugin]).of(DatasetSpec):
    try:
        with no_downloads():
            config = build_config(resolve(spec.config), "dataset", dataset_values(spec))
            found[spec.name] = resolve(spec.factory)(config, None).fingerprint
    except Exception:  # told where the dataset is looked at
        continue
print(json.dumps(found))
"""
SECONDS = 120


def in_fresh_process(plugin: Plugin, program: str) -> Any:
    """What a program prints as JSON.

    Args:
        plugin: The program has it as ``plugin``.
        program: Python that follows ``PREAMBLE``.

    Raises:
        PluginError: The program fails.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", PREAMBLE + program, json.dumps(plugin)],
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"PYTHONHASHSEED": "random", "OMP_NUM_THREADS": "1"},
        timeout=SECONDS,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise PluginError(f"in a process of its own: {said[-1] if said else done.returncode}")
    return json.loads(done.stdout)


@final
@dataclass(frozen=True)
class FreshProcess:
    """What another process sees of a plugin; it is asked once.

    Args:
        plugin: The plugin.
    """

    plugin: Plugin

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of each of its datasets whose data is at hand, by name."""
        found: dict[str, str] = in_fresh_process(self.plugin, FINGERPRINTS)
        return found
