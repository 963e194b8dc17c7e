"""The peers' packages: which ones are installed, and how to install the others."""

from __future__ import annotations

import importlib
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import final

PYPROJECT = Path(__file__).parents[2] / "pyproject.toml"


@final
@dataclass(frozen=True)
class Group:
    """A dependency group of peers.

    Args:
        name: Its name in ``pyproject.toml``.
        modules: The modules by the names of the packages, which messages show.
        module: The module of the benchmarks that uses them.
    """

    name: str
    modules: Mapping[str, str]
    module: str


LAYERS = Group("bench", {"JAX": "jax", "Keras": "keras"}, "benchmarks")
"""The peers of RNN, LSTM and GRU."""
RECURRENT = Group(
    "bench-recurrences",
    {
        "mambapy": "mambapy",
        "minGRU-pytorch": "minGRU_pytorch",
        "torchrecurrent": "torchrecurrent",
        "xlstm": "xlstm",
    },
    "benchmarks.recurrences",
)
"""The peers of modern cells."""


def missing(group: Group = LAYERS) -> list[str]:
    """The packages that are not installed. Keras counts as missing without JAX, it runs on it."""
    absent = [name for name, module in group.modules.items() if find_spec(module) is None]
    return list(group.modules) if "JAX" in absent else absent


def install(group: Group = LAYERS) -> str:
    """Installs a dependency group by uv, if one of its packages is missing.

    Returns:
        A message that names those that are still missing, or an empty text.
    """
    uv = shutil.which(os.environ.get("UV") or "uv")  # uv run names itself
    if missing(group) and uv:
        source = f"{PYPROJECT}:{group.name}"
        command = [uv, "pip", "install", "--quiet", "--python", sys.executable, "--group", source]
        subprocess.run(command, check=False, capture_output=True)  # the message below says it all
        importlib.invalidate_caches()
    names = " and ".join(missing(group))
    remedy = f"uv run --group {group.name} python -m {group.module}"
    return f"not installed, so not measured: {names}; {remedy}" if names else ""
