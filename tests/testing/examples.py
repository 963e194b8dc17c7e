"""Wrong examples: for every check, a part that fails this check and no other."""

from __future__ import annotations

from typing import NamedTuple

from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import Plugin, installed_plugins
from zoo_core.recipes.recipe import list_recipes

FAULTY = Plugin("zoo-faulty", "tests.testing.faulty.plugin", "zoo-faulty", "1.0")
HOOK = """
from zoo_core import CommandSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_commands():
    return [CommandSpec(name="owl-hoot", summary="Hoots.", target="builtins:print")]
"""


class WrongPlugin(NamedTuple):
    """The source of a plugin, and a sentence about what is wrong with it."""

    summary: str
    source: str


PLUGINS = {
    "imports": WrongPlugin("A plugin that imports a missing module.", "import no_such_module"),
    "api-version": WrongPlugin("A plugin for another plugin API.", HOOK.replace("= 3", "= 99")),
    "hooks": WrongPlugin(
        "A plugin with a misspelt hook.", HOOK.replace("zoo_commands", "zoo_comands")
    ),
    "return-types": WrongPlugin(
        "A plugin whose hook returns a tuple.",
        HOOK.replace("return [", "return (").replace('print")]', 'print"),)'),
    ),
    "names": WrongPlugin(
        "A plugin with a name of another plugin.", HOOK.replace("owl-hoot", "taken")
    ),
    "light": WrongPlugin("A plugin that imports numpy when it is listed.", "import numpy\n" + HOOK),
    "import-budget": WrongPlugin(
        "A plugin that sleeps at import.", "import time\ntime.sleep(0.2)\n" + HOOK
    ),
}


def faulty_catalog() -> Catalog:
    """Returns the faulty plugin with the plugins that its parts need."""
    others = [plugin for plugin in installed_plugins() if plugin.name in ("zoo-rnn", "zoo-train")]
    return load_catalog([FAULTY, *others])


def wrong_examples() -> dict[str, str]:
    """Returns a sentence about the example of every check, by the check's name."""
    catalog = load_catalog([FAULTY])
    summaries = {name: plugin.summary for name, plugin in PLUGINS.items()}
    summaries |= {entry.spec.name: entry.spec.summary for entry in catalog.entries}
    summaries |= {recipe.name: recipe.summary for recipe in list_recipes(catalog)}
    return {
        name.rpartition("wrong-")[2]: f"{summary.removesuffix('.')}."
        for name, summary in summaries.items()
    }
