"""The status of every installed plugin: ok, broken, blocked or incompatible."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution
from typing import Literal, NamedTuple, TypeAlias, final

from zoo_core.installer.editable import editable_folder
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import Plugin, chosen_names, every_plugin
from zoo_core.plugins.recipe_files import recipe_files
from zoo_core.plugins.specs import SPEC_CLASSES

State: TypeAlias = Literal["ok", "broken", "blocked", "incompatible"]


@final
class PluginStatus(NamedTuple):
    """The status of one installed plugin.

    Args:
        plugin: The plugin.
        state: ``ok``; ``broken``, it fails to load; ``blocked``, ``ZOO_PLUGINS`` leaves it out;
            ``incompatible``, it is built for another plugin API.
        location: The folder that it is imported from; empty if unknown.
        contributes: Names by noun, such as ``model``; empty unless the plugin works.
        reason: Why it does not work.
        remedy: What to do about it.
        traceback: Where it failed.
    """

    plugin: Plugin
    state: State
    location: str
    contributes: dict[str, list[str]]
    reason: str = ""
    remedy: str = ""
    traceback: str = ""


def plugin_statuses() -> list[PluginStatus]:
    """Returns the status of every plugin, by name.

    Every plugin is loaded by itself; blocked ones are not loaded.
    """
    chosen = chosen_names()
    return [_status(plugin, chosen is None or plugin.name in chosen) for plugin in every_plugin()]


def location(plugin: Plugin) -> str:
    """Returns the folder that a plugin is imported from; empty if unknown."""
    if folder := editable_folder(plugin.distribution):
        return folder
    try:
        return str(distribution(plugin.distribution).locate_file(""))
    except (PackageNotFoundError, ValueError, OSError):
        return ""  # an interrupted uninstall, or metadata that no installer wrote


def _status(plugin: Plugin, chosen: bool) -> PluginStatus:
    folder = location(plugin)
    if not chosen:
        remedy = f"name {plugin.name} in ZOO_PLUGINS, or unset it"
        return PluginStatus(plugin, "blocked", folder, {}, "ZOO_PLUGINS leaves it out", remedy)
    catalog = load_catalog([plugin])
    if catalog.broken:
        (row,) = catalog.broken
        state: State = "incompatible" if row.incompatible else "broken"
        return PluginStatus(plugin, state, folder, {}, row.reason, row.remedy, row.traceback)
    return PluginStatus(plugin, "ok", folder, _contributes(catalog))


def _contributes(catalog: Catalog) -> dict[str, list[str]]:
    """Returns what the catalog's only plugin contributes: names by noun."""
    names = {cls.noun: [entry.spec.name for entry in catalog.of(cls)] for cls in SPEC_CLASSES}
    names["recipe"] = [file.name for file in recipe_files(catalog)]
    names["registry"] = [str(path) for path in catalog.registries]
    return {noun: listed for noun, listed in names.items() if listed}
