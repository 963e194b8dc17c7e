"""Checks of a plugin as a whole: whether it loads, quickly, and gets in nobody's way."""

from __future__ import annotations

import contextlib
import sys

from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.loading import check_api, check_names, find_hooks
from zoo_core.testing.check import Violation, check
from zoo_core.testing.fresh_process import in_fresh_process
from zoo_core.testing.plugin_case import HEAVY, LISTING, PluginCase

BUDGET = 0.1
"""Seconds that loading a plugin may add to the start of every command."""
TRIES = 3


@check("Raise nothing when plugin.py is imported, and declare what it imports as dependencies.")
def imports(case: PluginCase) -> Violation | None:
    """The plugin's module can be imported."""
    resolve(f"{case.plugin.module}:__name__")
    return None


@check(
    "Name the plugin API that the plugin is written for, as the message says.", needs=("imports",)
)
def api_version(case: PluginCase) -> Violation | None:
    """ZOO_API is the plugin API of the installed zoo-core."""
    check_api(case.module)
    return None


@check(
    "Spell every hook and its arguments as zoo_core.plugins.hookspecs does, and mark it with "
    "@hookimpl.",
    needs=("imports",),
)
def hooks(case: PluginCase) -> Violation | None:
    """Every hook has a known name and known arguments, and is marked."""
    with contextlib.redirect_stdout(sys.stderr):
        find_hooks(case.module)
    return None


@check("Return the list that the hook's annotation names, with something in it.", needs=("hooks",))
def return_types(case: PluginCase) -> Violation | None:
    """Every hook returns a list of what it promises, and one of them is not empty."""
    if any(case.offered().values()):
        return None
    return Violation("a spec or a registry from one hook at least", "empty lists")


@check(
    "Write names in lower case, words joined by hyphens, each once; where another plugin has the "
    "name, choose another, such as one with the plugin's own word in it.",
    needs=("return-types",),
)
def names(case: PluginCase) -> Violation | None:
    """Names are well formed and nobody else's."""
    for hook, found in case.offered().items():
        check_names(hook, found)
        for spec in found:
            for other in case.catalog.entries:
                alike = type(other.spec) is type(spec) and other.spec.name == spec.name
                if alike and other.plugin != case.plugin:
                    noun = f"{spec.noun} {spec.name!r}"
                    return Violation(f"{noun} from one plugin", f"{other.plugin.name} has it too")
    return None


@check(
    "Import these in the modules that the import strings name, never in plugin.py, configs.py or "
    "the package's __init__.py.",
    needs=("return-types",),
)
def light(case: PluginCase) -> Violation | None:
    """Listing the plugin and reading its configs imports nothing heavy."""
    _, heavy = case.listing
    return Violation(f"none of {', '.join(HEAVY)}", ", ".join(heavy)) if heavy else None


@check(
    "Do no work at import: open no file, ask no server; python -X importtime -c 'import ...' shows "
    "which import costs, and it belongs into the function that uses it.",
    needs=("light",),
)
def import_budget(case: PluginCase) -> Violation | None:
    """Loading the plugin takes little of the time of every command."""
    fastest, _ = case.listing
    for _ in range(TRIES - 1):
        if fastest <= BUDGET:
            return None
        fastest = min(fastest, in_fresh_process(case.plugin, LISTING)[0])
    if fastest <= BUDGET:
        return None
    return Violation(
        f"at most {BUDGET * 1000:.0f} ms", f"{fastest * 1000:.0f} ms, the best of {TRIES}"
    )


CHECKS = (imports, api_version, hooks, return_types, names, light, import_budget)
