"""Each distribution declares what it imports: it is installed alone and imported whole."""

from __future__ import annotations

from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.installs.builds import Build
from tests.installs.environment import ROOT, install_wheels, make_environment

PLUGINS = {
    f"zoo-{path.name}": path for path in sorted((ROOT / "plugins").iterdir()) if path.is_dir()
}
PROJECTS = PLUGINS | {"zoo-core": ROOT / "zoo_core", "zoo-cli": ROOT / "cli"}
IMPORT_ALL = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
"""

IN_THE_GATE = ("zoo-core", "zoo-cli", "zoo-train")
"""Each takes five seconds. That a plugin declares what its files import is always tested."""


def requirements_of(name: str) -> set[str]:
    """The distributions that one needs, those that they need and itself included."""
    names: set[str] = set()
    waiting = [name]
    while waiting:
        current = canonicalize_name(waiting.pop())
        if current in names:
            continue
        names.add(current)
        for line in distribution(current).requires or []:
            requirement = Requirement(line)
            if current == "zoo-cli" and requirement.name in PLUGINS:
                continue  # it brings them, and import-linter checks that it imports none
            if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
                waiting.append(requirement.name)
    return names


def entries_of(name: str) -> set[str]:
    """The files and folders that a distribution has in site-packages."""
    return {path.parts[0] for path in distribution(name).files or [] if path.parts[0] != ".."}


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.gate if name in IN_THE_GATE else pytest.mark.slow)
        for name in PROJECTS
    ],
)
def test_a_distribution_imports_nothing_that_it_does_not_declare(
    name: str, wheel_of: Build, tmp_path: Path
) -> None:
    needed = requirements_of(name)
    others = needed - PROJECTS.keys()
    environment = make_environment(
        tmp_path, with_pip=False, only=set().union(*map(entries_of, others))
    )
    install_wheels(
        environment, [wheel_of(PROJECTS[project]) for project in needed & PROJECTS.keys()]
    )
    environment.run("python", "-c", IMPORT_ALL, name.replace("-", "_"))
