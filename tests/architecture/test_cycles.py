"""No import cycle, imports inside functions and for type checking included.

The ``__init__`` of a public package only re-exports, so that packages are left out of the graph;
a module never imports the package that it lies in.
"""

from __future__ import annotations

from graphlib import TopologicalSorter

import grimp
import pytest

from tests.workspace import ROOT, SOURCE_FOLDERS

PACKAGES = sorted(
    path.parent.name
    for folder in ("zoo_core", "cli", "plugins/*")
    for path in ROOT.glob(f"{folder}/src/*/__init__.py")
)


@pytest.fixture(scope="module")
def imports() -> dict[str, set[str]]:
    """The modules that every module imports."""
    with pytest.MonkeyPatch.context() as patch:
        for folder in SOURCE_FOLDERS:  # of heavy plugins, which may not be installed
            patch.syspath_prepend(folder)
        graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    return {module: graph.find_modules_directly_imported_by(module) for module in graph.modules}


def test_every_distribution_is_in_the_graph(imports: dict[str, set[str]]) -> None:
    assert {"zoo_core", "zoo_cli", "zoo_lstm"} <= set(PACKAGES) <= set(imports)
    assert "zoo_core.runtime.api" in imports["zoo_core"]


def test_modules_import_each_other_in_one_direction(imports: dict[str, set[str]]) -> None:
    packages = {module.rpartition(".")[0] for module in imports}
    modules = {
        module: imported - packages
        for module, imported in imports.items()
        if module not in packages
    }
    TopologicalSorter(modules).prepare()  # raises CycleError, which names the cycle


def test_a_module_never_imports_the_package_that_it_lies_in(imports: dict[str, set[str]]) -> None:
    imported_packages = [
        (module, package)
        for module, imported in imports.items()
        for package in imported
        if module.startswith(f"{package}.")
    ]
    assert imported_packages == []
