"""Our plugins and the one that ``zoo plugins new`` writes look the same."""

from __future__ import annotations

import ast
import sys
import tomllib
from collections.abc import Mapping
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.workspace import PLUGINS, is_heavy
from zoo_core.plugins.catalog import Catalog
from zoo_core.scaffold.new_plugin import KINDS, new_plugin

NEW = Path("zoo-plugin-owl")
PROJECT = {
    "name",
    "version",
    "description",
    "readme",
    "requires-python",
    "license",
    "dependencies",
    "entry-points",
}


@pytest.fixture(params=[*PLUGINS, NEW], ids=lambda path: path.name)
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A plugin's checkout."""
    if request.param is NEW:
        return new_plugin(Catalog((), (), (), ()), "owl", KINDS, tmp_path, ())
    folder: Path = request.param
    return folder


@pytest.fixture(scope="module")
def distributions() -> Mapping[str, list[str]]:
    """The installed distributions that a top-level module comes from, by the module's name."""
    return packages_distributions()


def _package(folder: Path) -> Path:
    (package,) = [path for path in (folder / "src").iterdir() if (path / "plugin.py").is_file()]
    return package


def test_the_distribution_is_described_alike(folder: Path) -> None:
    settings = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))
    project, package = settings["project"], _package(folder).name
    assert settings["build-system"] == {
        "requires": ["hatchling>=1.26"],
        "build-backend": "hatchling.build",
    }
    assert set(project) == PROJECT
    assert "zoo-core" in project["dependencies"]
    assert (project["requires-python"], project["license"]) == (">=3.11", "MIT")
    assert project["name"] == package.replace("_", "-")
    assert project["entry-points"] == {"zoo": {project["name"]: f"{package}.plugin"}}
    assert settings["tool"]["hatch"]["build"]["targets"]["wheel"] == {
        "packages": [f"src/{package}"]
    }


def _imported_modules(package: Path) -> set[str]:
    """The top-level modules that a package imports, other than Python's and itself."""
    names: set[str] = set()
    for path in package.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Import):
                names |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module:
                names.add(node.module.partition(".")[0])
    return names - sys.stdlib_module_names - {package.name}


@pytest.mark.parametrize(
    "folder",
    [
        # Which distribution a module is from is known of what is installed.
        pytest.param(path, marks=pytest.mark.full if path is not NEW and is_heavy(path) else ())
        for path in (*PLUGINS, NEW)
    ],
    ids=lambda path: path.name,
    indirect=True,
)
def test_the_distribution_declares_what_it_imports(
    folder: Path, distributions: Mapping[str, list[str]]
) -> None:
    project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
    declared = {canonicalize_name(Requirement(line).name) for line in project["dependencies"]}
    for module in _imported_modules(_package(folder)):
        # Distributions that are installed as editable have no list of modules.
        providers = distributions.get(module, [module.replace("_", "-")])
        assert declared & set(map(canonicalize_name, providers)), module


def test_the_same_files_are_there(folder: Path) -> None:
    for name in ("README.md", "CHANGELOG.md"):
        assert (folder / name).read_text("utf-8").startswith("# ")
    names = {path.name for path in _package(folder).iterdir()}
    assert {"__init__.py", "plugin.py", "py.typed"} <= names
    needed = "config=" in (_package(folder) / "plugin.py").read_text("utf-8")
    assert ("configs.py" in names) == needed  # kernels and commands have no settings


def test_the_package_itself_imports_nothing(folder: Path) -> None:
    tree = ast.parse((_package(folder) / "__init__.py").read_text("utf-8"))
    assert ast.get_docstring(tree)
    assert len(tree.body) == 1


def test_what_is_declared_reads_alike(folder: Path) -> None:
    tree = ast.parse((_package(folder) / "plugin.py").read_text("utf-8"))
    assert (ast.get_docstring(tree) or "").startswith("Declarations of this plugin")
    names = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Assign)]
    assert "ZOO_API = 3" in names
    hooks = [node for node in tree.body if isinstance(node, ast.FunctionDef)]
    assert all(node.name.startswith("zoo_") for node in hooks)
    marks = [ast.unparse(mark) for node in hooks for mark in node.decorator_list]
    assert marks == ["hookimpl"] * len(hooks)
    if (path := _package(folder) / "configs.py").exists():
        docstring = ast.get_docstring(ast.parse(path.read_text("utf-8"))) or ""
        assert docstring.startswith("Settings of ")


def test_recipes_are_named_after_a_model_and_a_tag(folder: Path) -> None:
    recipes = list(_package(folder).glob("recipes/*"))
    assert all(path.suffix == ".toml" and path.stem.count(".") == 1 for path in recipes)


def test_parts_of_models_come_from_the_public_module(folder: Path) -> None:
    for path in folder.rglob("*.py"):
        if ".venv" not in path.parts:
            assert "zoo_core.runtime.nn." not in path.read_text("utf-8"), path
