"""The distributions of this workspace, and those of them that have large dependencies.

The heavy ones are in the group ``full`` of the workspace, so a plain ``uv run pytest`` neither
installs nor downloads them. Rules about their source hold there all the same; tests that import
their dependencies have the marker ``full``.
"""

from __future__ import annotations

import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
PLUGINS = sorted(path.parent for path in ROOT.glob("plugins/*/pyproject.toml"))
_WORKSPACE = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
GROUPS: dict[str, list[str]] = _WORKSPACE["dependency-groups"]
SOURCES: dict[str, object] = _WORKSPACE["tool"]["uv"]["sources"]
HEAVY = frozenset(SOURCES) & set(GROUPS["full"])
"""The names of the heavy distributions."""
SOURCE_FOLDERS = [str(path / "src") for path in PLUGINS]
"""From these, a plugin is imported where it is not installed."""


def distribution_name(folder: Path) -> str:
    """Returns the name of the distribution of a folder."""
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    name: str = project["name"]
    return name


def is_heavy(folder: Path) -> bool:
    """Whether a folder's distribution has large dependencies."""
    return distribution_name(folder) in HEAVY
