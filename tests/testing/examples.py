"""Wrong examples: for every check a part that fails it, and nothing else."""

from __future__ import annotations

from typing import NamedTuple

from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import Plugin, installed_plugins
from zoo_core.recipes.recipe import list_recipes

FAULTY = Plugin("zoo-faulty", "tests.testing.faulty.plugin", "zoo-faulty", "1.0")
HOOK = """
from zoo_core import CommandSpec, hookimpl

ZOO_API = 2


@hookimpl
def zoo_commands():
    return [CommandSpec(name="owl-hoot", summary="Hoots.", target="builtins:print")]
"""


class WrongPlugin(NamedTuple):
    """The source of a plugin, and what is wrong with it in words."""

    words: str
    source: str


PLUGINS = {
    "imports": WrongPlugin("A plugin that imports what is not there.", "import no_such_module"),
    "api-version": WrongPlugin(
        "A plugin that is written for another plugin API.", HOOK.replace("= 2", "= 99")
    ),
    "hooks": WrongPlugin(
        "A plugin with a misspelt hook.", HOOK.replace("zoo_commands", "zoo_comands")
    ),
    "return-types": WrongPlugin(
        "A plugin whose hook returns a tuple.",
        HOOK.replace("return [", "return (").replace('print")]', 'print"),)'),
    ),
    "names": WrongPlugin(
        "A plugin that offers what another one offers.", HOOK.replace("owl-hoot", "taken")
    ),
    "light": WrongPlugin("A plugin that imports numpy to be listed.", "import numpy\n" + HOOK),
    "import-budget": WrongPlugin(
        "A plugin that waits at import.", "import time\ntime.sleep(0.2)\n" + HOOK
    ),
}


def faulty_catalog() -> Catalog:
    """The plugin whose every part is wrong, and what its parts are tried with."""
    others = [each for each in installed_plugins() if each.name in ("zoo-rnn", "zoo-train")]
    return load_catalog([FAULTY, *others])


def wrong_examples() -> dict[str, str]:
    """What is wrong with the example of each check, in words, by the check's name."""
    catalog = load_catalog([FAULTY])
    told = {name: each.words for name, each in PLUGINS.items()}
    told |= {entry.spec.name: entry.spec.summary for entry in catalog.entries}
    told |= {each.name: each.summary for each in list_recipes(catalog)}
    short = {name.rpartition("wrong-")[2]: words for name, words in told.items()}
    return {n: words if words.endswith(".") else f"{words}." for n, words in short.items()}
