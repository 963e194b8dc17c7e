"""The peers' packages: which ones are installed, and how to install the others."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

PACKAGES = {"jax": "JAX", "keras": "Keras"}
"""Names of the peers by module."""
GROUP = f"{Path(__file__).parents[2] / 'pyproject.toml'}:bench"
REMEDY = "uv run --group bench python -m benchmarks"


def missing() -> list[str]:
    """The modules that are not installed. Keras counts as missing without JAX, which it runs on."""
    if find_spec("jax") is None:
        return list(PACKAGES)
    return [name for name in PACKAGES if find_spec(name) is None]


def install() -> str:
    """Installs the dependency group of the peers by uv, if one of them is missing.

    Returns:
        A message that names those that are still missing, or an empty text.
    """
    uv = shutil.which(os.environ.get("UV") or "uv")  # uv run names itself
    if missing() and uv:
        command = [uv, "pip", "install", "--quiet", "--python", sys.executable, "--group", GROUP]
        subprocess.run(command, check=False)
        importlib.invalidate_caches()
    names = " and ".join(PACKAGES[name] for name in missing())
    return f"not installed, so not measured: {names}; {REMEDY}" if names else ""
