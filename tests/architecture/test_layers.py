"""The rules of imports leave no package out, and a folder keeps few modules."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement

from tests.workspace import GROUPS, HEAVY, PLUGINS, ROOT, SOURCES, distribution_name, is_heavy

CORE = ROOT / "zoo_core" / "src" / "zoo_core"
TORCH_SIDE = {"zoo_core.runtime", "zoo_core.testing"}
MAX_MODULES = 8
"""Modules that may lie in a folder beside its packages."""


def _modules(folder: Path) -> set[str]:
    return {path.stem for path in folder.glob("*.py")} - {"__init__"}


def _packages(folder: Path) -> set[str]:
    return {path.parent.name for path in folder.glob("*/__init__.py")}


@pytest.fixture
def contracts() -> dict[str, Any]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return {contract["id"]: contract for contract in settings["contracts"]}


def test_every_package_of_the_core_has_its_layer(contracts: dict[str, Any]) -> None:
    named = {name.strip() for layer in contracts["layers"]["layers"] for name in layer.split("|")}
    assert named == {"zoo_cli"} | {f"zoo_core.{name}" for name in _packages(CORE) | _modules(CORE)}


def test_every_package_of_the_core_without_torch_is_kept_light(contracts: dict[str, Any]) -> None:
    listed = set(contracts["light"]["source_modules"]) - {"*.configs", "*.plugin"}
    every = {f"zoo_core.{name}" for name in _packages(CORE) | _modules(CORE)}
    assert listed == every - TORCH_SIDE


def test_every_plugin_of_the_workspace_is_kept_out_of_the_core(contracts: dict[str, Any]) -> None:
    packages = {path.name for path in ROOT.glob("plugins/*/src/*") if path.is_dir()}
    assert set(contracts["plugins"]["forbidden_modules"]) == packages


def test_every_distribution_of_the_workspace_is_in_one_group() -> None:
    light, heavy = set(GROUPS["dev"]) & set(SOURCES), set(GROUPS["full"]) & set(SOURCES)
    assert light | heavy == set(SOURCES)
    assert not light & heavy
    assert {distribution_name(folder) for folder in PLUGINS} <= set(SOURCES)


def test_a_plain_run_of_the_workspace_installs_no_heavy_distribution() -> None:
    # A root without a project makes uv install every member, whatever the groups say.
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))
    assert settings["project"].get("dependencies", []) == []
    assert settings["tool"]["uv"]["package"] is False
    light = [ROOT / "zoo_core", ROOT / "cli"] + [path for path in PLUGINS if not is_heavy(path)]
    for folder in light:
        project = tomllib.loads((folder / "pyproject.toml").read_text("utf-8"))["project"]
        needed = {Requirement(line).name for line in project["dependencies"]}
        assert not needed & HEAVY, folder


@pytest.mark.parametrize("folder", [CORE, CORE / "runtime"], ids=lambda folder: folder.name)
def test_a_folder_of_packages_keeps_few_modules(folder: Path) -> None:
    assert len(_modules(folder)) <= MAX_MODULES
