"""How every installed plugin stands: works, is broken, is blocked, or is built for another API."""

from __future__ import annotations

import json
from importlib.metadata import PackageNotFoundError, distribution
from typing import Literal, NamedTuple, TypeAlias, final
from urllib.parse import unquote, urlsplit

from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import Plugin, chosen_names, every_plugin
from zoo_core.plugins.recipe_files import recipe_files
from zoo_core.plugins.specs import SPEC_CLASSES

State: TypeAlias = Literal["ok", "broken", "blocked", "incompatible"]


@final
class PluginStatus(NamedTuple):
    """One installed plugin.

    Args:
        plugin: Which one.
        state: ``ok``; ``broken``, it fails to load; ``blocked``, ``ZOO_PLUGINS`` leaves it out;
            ``incompatible``, it is built for another plugin API.
        location: The folder that it is imported from, if that can be told.
        contributes: Names by noun, such as ``model``; empty unless it works.
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
    """How every plugin stands, by name; each is loaded by itself, those blocked not at all."""
    chosen = chosen_names()
    return [_status(each, chosen is None or each.name in chosen) for each in every_plugin()]


def location(plugin: Plugin) -> str:
    """The folder that a plugin's distribution was installed from or into; empty if unknown."""
    try:
        found = distribution(plugin.distribution)
        origin = json.loads(found.read_text("direct_url.json") or "{}")
        if origin.get("dir_info", {}).get("editable"):
            return unquote(urlsplit(origin["url"]).path)
        return str(found.locate_file(""))
    except (PackageNotFoundError, ValueError, KeyError, AttributeError, TypeError, OSError):
        return ""  # an interrupted uninstall, or metadata that no installer wrote


def _status(plugin: Plugin, chosen: bool) -> PluginStatus:
    place = location(plugin)
    if not chosen:
        remedy = f"name {plugin.name} in ZOO_PLUGINS, or unset it"
        return PluginStatus(plugin, "blocked", place, {}, "ZOO_PLUGINS leaves it out", remedy)
    alone = load_catalog([plugin])
    for each in alone.broken:
        state: State = "incompatible" if each.incompatible else "broken"
        return PluginStatus(plugin, state, place, {}, each.reason, each.remedy, each.traceback)
    return PluginStatus(plugin, "ok", place, _contributes(alone))


def _contributes(alone: Catalog) -> dict[str, list[str]]:
    found = {cls.noun: [entry.spec.name for entry in alone.of(cls)] for cls in SPEC_CLASSES}
    found["recipe"] = [file.name for file in recipe_files(alone)]
    found["registry"] = [str(path) for path in alone.registries]
    return {kind: names for kind, names in found.items() if names}
