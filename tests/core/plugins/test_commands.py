"""Functions that the commands of plugins share with other commands."""

from __future__ import annotations

from pathlib import Path

import pytest

from zoo_core.errors import AmbiguousError, PluginError
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.commands import shared_function
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.specs import CommandSpec

OWL = Plugin("zoo-owl", "zoo_owl.plugin", "zoo-plugin-owl", "1.0")
HOOT = CommandSpec(name="hoot", summary="", target="", functions=("textwrap:dedent",))


def _catalog(*plugins: Plugin) -> Catalog:
    return Catalog(tuple(CatalogEntry(plugin, HOOT) for plugin in plugins), plugins, (), ())


def test_a_function_is_found_by_command_and_name() -> None:
    assert shared_function(_catalog(OWL), "hoot", "dedent")(" hoot") == "hoot"


def test_a_function_that_the_command_does_not_share_names_the_plugin() -> None:
    message = "zoo hoot of zoo-plugin-owl has no function indent: zoo plugins install --upgrade"
    with pytest.raises(PluginError, match=message):
        shared_function(_catalog(OWL), "hoot", "indent")


def test_a_command_of_two_plugins_is_refused() -> None:
    owls = _catalog(OWL, OWL._replace(name="zoo-owlet"))
    with pytest.raises(AmbiguousError, match="zoo-owl:hoot or zoo-owlet:hoot"):
        shared_function(owls, "hoot", "dedent")


def test_a_missing_command_names_the_plugin_that_brings_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "registry.toml"
    path.write_text(
        'schema = 1\n[plugins.zoo-owl]\ndistribution = "zoo-plugin-owl"\ncommands = ["hoot"]\n'
    )
    monkeypatch.setenv("ZOO_REGISTRY", str(path))
    message = "zoo hoot comes with zoo-plugin-owl: zoo plugins install zoo-plugin-owl"
    with pytest.raises(PluginError, match=message):
        shared_function(_catalog(), "hoot", "dedent")
    with pytest.raises(PluginError, match="no plugin offers zoo bark; try: zoo plugins search"):
        shared_function(_catalog(), "bark", "dedent")
