"""Looking at a plugin in a Python of its own, which nothing has been imported into."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import Any

from zoo_core.discovery import Plugin
from zoo_core.errors import PluginError

PREAMBLE = """
import json, sys, time
from zoo_core.catalog import load_catalog
from zoo_core.discovery import Plugin
from zoo_core.imports import resolve

name, module, distribution, version, *rest = json.loads(sys.argv[1])
plugin = Plugin(name, module, distribution, version)
"""
SECONDS = 120


def in_fresh_process(plugin: Plugin, program: str, *arguments: Any) -> Any:
    """What a program prints as JSON.

    Args:
        plugin: The program has it as ``plugin``.
        program: Python that follows ``PREAMBLE``.
        arguments: The program has them as ``rest``; JSON.

    Raises:
        PluginError: The program fails.
    """
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(
        [sys.executable, "-c", PREAMBLE + program, json.dumps([*plugin, *arguments])],
        capture_output=True,
        text=True,
        check=False,
        env=environment | {"PYTHONHASHSEED": "random"},
        timeout=SECONDS,
    )
    if done.returncode:
        said = done.stderr.strip().splitlines()
        raise PluginError(f"in a process of its own: {said[-1] if said else done.returncode}")
    return json.loads(done.stdout)
