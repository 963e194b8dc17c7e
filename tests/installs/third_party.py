"""Two third-party distributions: one that works, one that breaks in every possible way."""

from __future__ import annotations

import re
from pathlib import Path

from tests.core.plugins.sample_plugin import PREAMBLE
from tests.core.plugins.test_broken_plugins import APIS, BROKEN, GOOD
from zoo_core.plugins.catalog import Catalog
from zoo_core.scaffold.new_plugin import KINDS, new_plugin

MARK = """
import os, pathlib
if "LOADED" in os.environ:
    pathlib.Path(os.environ["LOADED"]).touch()
"""
"""Tells that a plugin's code was run."""
PROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "zoo-plugin-bad"
version = "6.6.6"

[project.entry-points.zoo]
"""


def good_plugin(folder: Path) -> Path:
    """Writes a plugin with a part of every kind, as ``zoo plugins new`` does."""
    return new_plugin(Catalog((), (), (), ()), "owl", KINDS, folder, ())


def ways_to_break() -> dict[str, tuple[str, str]]:
    """Returns the source of every broken plugin and a part of its reason, by its name."""
    ways = {title: (f"ZOO_API = 3\n{source}", reason) for title, (source, reason) in BROKEN.items()}
    ways |= {f"api {title}": (f"{api}\n{GOOD}", reason) for title, (api, reason) in APIS.items()}
    return {"bad-" + re.sub(r"\W+", "-", title.lower()): way for title, way in ways.items()}


def bad_plugin(folder: Path) -> Path:
    """Writes a distribution with a plugin for every way to break, and one without its module."""
    project = folder / "zoo-plugin-bad"
    package = project / "zoo_plugin_bad"
    package.mkdir(parents=True)
    (package / "__init__.py").touch()
    points = ['bad-gone = "zoo_plugin_bad.gone"']
    for name, (source, _) in ways_to_break().items():
        module = name.replace("-", "_")
        (package / f"{module}.py").write_text(MARK + PREAMBLE + source)
        points.append(f'{name} = "zoo_plugin_bad.{module}"')
    (project / "pyproject.toml").write_text(PROJECT + "\n".join(points) + "\n")
    return project
