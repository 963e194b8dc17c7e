"""Programs that load plugins in a new Python process, where nothing has been imported."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Sequence
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

plugins = [Plugin(*fields) for fields in json.loads(sys.argv[1])]
"""
FINGERPRINTS = """
from zoo_core.downloads.download import no_downloads
from zoo_core.configs.settings import build_config
from zoo_core.plugins.specs import DatasetSpec
from zoo_core.testing.cases.sample_values import dataset_values

fingerprints = {}
for _, spec in load_catalog(plugins).of(DatasetSpec):
    try:
        with no_downloads():
            config = build_config(resolve(spec.config), "dataset", dataset_values(spec))
            fingerprints[spec.name] = resolve(spec.factory)(config, None).fingerprint
    except Exception:  # the check batches-fit reports it
        continue
print(json.dumps(fingerprints))
"""
TIMEOUT = 120
"""Seconds after which the process is killed."""


def run_in_fresh_process(plugins: Sequence[Plugin], program: str) -> Any:
    """Runs a program in a new Python process.

    Args:
        plugins: The plugins, which the program finds in the variable ``plugins``.
        program: Python code that runs after ``PREAMBLE`` and prints JSON.

    Returns:
        The parsed JSON.

    Raises:
        PluginError: The program fails.
        subprocess.TimeoutExpired: The program takes more than ``TIMEOUT`` seconds.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    completed = subprocess.run(
        [sys.executable, "-c", PREAMBLE + program, json.dumps(plugins)],
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"PYTHONHASHSEED": "random", "OMP_NUM_THREADS": "1"},
        timeout=TIMEOUT,
    )
    if completed.returncode:
        lines = completed.stderr.strip().splitlines()
        reason = lines[-1] if lines else f"exit code {completed.returncode}"
        raise PluginError(f"in a new process: {reason}")
    return json.loads(completed.stdout)


@final
@dataclass(frozen=True)
class FreshProcess:
    """What a new process computes for plugins; every property starts one process, once.

    Args:
        plugins: The plugins.
    """

    plugins: tuple[Plugin, ...]

    @cached_property
    def fingerprints(self) -> dict[str, str]:
        """The fingerprint of every dataset that needs no download, by the dataset's name."""
        fingerprints: dict[str, str] = run_in_fresh_process(self.plugins, FINGERPRINTS)
        return fingerprints
