"""Plugins that tests write, and an environment without settings of the user."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.core.plugins.sample_plugin import CONFIGS, PREAMBLE, RECIPES, SPECS, PluginWriter
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import Plugin


@pytest.fixture(autouse=True)
def untouched_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Removes the settings of the user who runs the tests."""
    for name in ("ZOO_PLUGINS", "ZOO_REGISTRY", "ZOO_DEBUG"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("ZOO_HOME", str(tmp_path / "home"))


@pytest.fixture
def write_plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> PluginWriter:
    """``write_plugin(source)``: writes a package with that ``plugin.py`` and returns the plugin."""

    def write(
        source: str,
        *,
        name: str = "zoo-test",
        distribution: str = "",
        api: str = "ZOO_API = 3",
        configs: str = "",
        recipes: Mapping[str, str | bytes] | None = None,
    ) -> Plugin:
        distribution = distribution or name
        package = f"{tmp_path.name}_{name}_{distribution}".replace("-", "_")
        folder = tmp_path / "site" / package
        (folder / "recipes").mkdir(parents=True)
        (folder / "__init__.py").touch()
        (folder / "configs.py").write_text(configs)
        (folder / "plugin.py").write_text(PREAMBLE + api + "\n" + source)
        for recipe, text in (recipes or {}).items():
            data = text if isinstance(text, bytes) else text.encode()
            (folder / "recipes" / f"{recipe}.toml").write_bytes(data)
        monkeypatch.syspath_prepend(folder.parent)
        return Plugin(name, f"{package}.plugin", distribution, "1.0")

    return write


@pytest.fixture
def little(write_plugin: PluginWriter) -> Plugin:
    """The sample plugin: two models, datasets and trainers, and recipes for the model ``tiny``."""
    return write_plugin(SPECS, name="little", configs=CONFIGS, recipes=RECIPES)


@pytest.fixture
def catalog(little: Plugin) -> Catalog:
    """The catalog of the sample plugin alone."""
    return load_catalog([little])
