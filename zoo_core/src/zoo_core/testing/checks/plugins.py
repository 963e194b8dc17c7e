"""Checks of a plugin as a whole: it loads, it loads fast, and its names are its own."""

from __future__ import annotations

import contextlib
import sys

from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.loading import check_api, check_fields, check_names, find_hooks
from zoo_core.testing.cases.fresh_process import run_in_fresh_process
from zoo_core.testing.cases.plugin_case import HEAVY_MODULES, LISTING, PluginCase
from zoo_core.testing.check import Violation, check

IMPORT_BUDGET = 0.1
"""Seconds that loading a plugin may add to the start of every command."""
TRIES = 3


@check(
    "Raise nothing while plugin.py is imported, and declare the packages that it imports as "
    "dependencies."
)
def imports(case: PluginCase) -> Violation | None:
    """The plugin's module can be imported."""
    resolve(f"{case.plugin.module}:__name__")
    return None


@check(
    "Set ZOO_API to the plugin API that the plugin is written for, as the message says.",
    needs=("imports",),
)
def api_version(case: PluginCase) -> Violation | None:
    """ZOO_API is the plugin API of the installed zoo-core."""
    check_api(case.module)
    return None


@check(
    "Name every hook and its arguments as in zoo_core.plugins.hookspecs, and mark it with "
    "@hookimpl.",
    needs=("imports",),
)
def hooks(case: PluginCase) -> Violation | None:
    """Every hook has a known name and known arguments and is marked with @hookimpl."""
    with contextlib.redirect_stdout(sys.stderr):
        find_hooks(case.module)
    return None


@check(
    "Return a list of the type in the hook's annotation, and at least one entry from one hook.",
    needs=("hooks",),
)
def return_types(case: PluginCase) -> Violation | None:
    """Every hook returns a list of its declared type, and at least one list is not empty.

    The fields of specs have the types that they are declared with.
    """
    results = case.hook_results()
    for hook, specs in results.items():
        check_fields(hook, specs)
    if any(results.values()):
        return None
    return Violation("a spec or a registry from at least one hook", "empty lists")


@check(
    "Write names in lower case with words joined by hyphens, use each once, and choose another "
    "where another plugin has the name, such as one with the plugin's own word in it.",
    needs=("return-types",),
)
def names(case: PluginCase) -> Violation | None:
    """Names are well formed, and no other plugin has them."""
    for hook, specs in case.hook_results().items():
        check_names(hook, specs)
        for spec in specs:
            for entry in case.catalog.entries:
                same = type(entry.spec) is type(spec) and entry.spec.name == spec.name
                if same and entry.plugin != case.plugin:
                    name = f"{spec.noun} {spec.name!r}"
                    return Violation(f"{name} from one plugin", f"{entry.plugin.name} has it too")
    return None


@check(
    "Import these in the modules that the import strings name, never in plugin.py, configs.py or "
    "the package's __init__.py.",
    needs=("api-version", "names"),
)
def light(case: PluginCase) -> Violation | None:
    """Listing the plugin and reading its configs imports nothing heavy."""
    _, heavy = case.listing
    return Violation(f"none of {', '.join(HEAVY_MODULES)}", ", ".join(heavy)) if heavy else None


@check(
    "Do no work at import: read no file, call no server. python -X importtime -c 'import ...' "
    "shows the slow import, which belongs in the function that uses it.",
    needs=("light",),
)
def import_budget(case: PluginCase) -> Violation | None:
    """Loading the plugin adds little to the start of every command."""
    seconds, _ = case.listing
    for _ in range(TRIES - 1):
        if seconds <= IMPORT_BUDGET:
            return None
        seconds = min(seconds, run_in_fresh_process([case.plugin], LISTING)[0])
    if seconds <= IMPORT_BUDGET:
        return None
    seen = f"{seconds * 1000:.0f} ms, the best of {TRIES}"
    return Violation(f"at most {IMPORT_BUDGET * 1000:.0f} ms", seen)


CHECKS = (imports, api_version, hooks, return_types, names, light, import_budget)
