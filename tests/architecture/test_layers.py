"""The rules of imports leave no module out."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CORE = ROOT / "zoo_core" / "src" / "zoo_core"
APART = {"runtime", "testing", "template", "scaffold/template"}
MODULES = {
    "zoo_core." + ".".join(path.relative_to(CORE).with_suffix("").parts)
    for path in CORE.rglob("*.py")
    if path.stem != "__init__" and not any(path.is_relative_to(CORE / folder) for folder in APART)
}
HEAVY = re.compile(r"^(import|from) (torch|zoo_core\.runtime)\b", re.MULTILINE)
LIGHT_CHECKS = {
    f"zoo_core.testing.{path.stem}"
    for path in CORE.glob("testing/*.py")
    if path.stem != "__init__" and not HEAVY.search(path.read_text("utf-8"))
}


@pytest.fixture
def contracts() -> dict[str, Any]:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    return {contract["id"]: contract for contract in settings["contracts"]}


def test_every_module_of_the_core_has_its_layer(contracts: dict[str, Any]) -> None:
    named = {name.strip() for layer in contracts["layers"]["layers"] for name in layer.split("|")}
    assert named - {"zoo_cli", "zoo_core.testing", "zoo_core.runtime"} == MODULES


def test_every_module_of_the_core_is_kept_light(contracts: dict[str, Any]) -> None:
    listed = set(contracts["light"]["source_modules"]) - {"*.configs", "*.plugin"}
    assert listed == MODULES | LIGHT_CHECKS


def test_what_pytest_loads_of_the_checks_is_light() -> None:
    assert {f"zoo_core.testing.{name}" for name in ("trial", "subject", "check")} <= LIGHT_CHECKS


def test_every_plugin_of_the_workspace_is_kept_out_of_the_core(contracts: dict[str, Any]) -> None:
    packages = {path.name for path in ROOT.glob("plugins/*/src/*") if path.is_dir()}
    assert set(contracts["plugins"]["forbidden_modules"]) == packages
