"""Loading one plugin so that nothing it does can reach another."""

from __future__ import annotations

import contextlib
import importlib
import re
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from types import ModuleType
from typing import Any, TypeAlias, final

import pluggy

from zoo_core.errors import IncompatibleError, PluginError
from zoo_core.plugins import hookspecs
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.specs import API_VERSION, SPEC_CLASSES, AbstractSpec
from zoo_core.plugins.trace import calling
from zoo_core.plugins.watchdog import giving_up

HOOKS: dict[str, type[AbstractSpec | Path]] = {
    **{f"zoo_{cls.noun}s": cls for cls in SPEC_CLASSES},
    "zoo_registries": Path,
}
"""What each hook returns a list of."""
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


Hooks: TypeAlias = dict[str, list[Callable[[], Any]]]
"""By name of the hook: a module's implementations."""


def contributions(plugin: Plugin, manager: pluggy.PluginManager | None = None) -> list[Any]:
    """Every spec and registry path that a plugin offers.

    Its prints go to stderr. Whatever it raises, ``SystemExit`` included, comes out of here: the
    catalog turns it into a row.

    Args:
        plugin: Which one.
        manager: Of ``make_manager``, for whoever loads many.

    Raises:
        IncompatibleError: It is built for another plugin API.
        PluginError: It misspells a hook, returns something of the wrong type, offers a name
            twice, offers nothing, or hangs.
    """
    with contextlib.redirect_stdout(sys.stderr), giving_up():
        with calling(plugin.name, "import"):
            module = importlib.import_module(plugin.module)
        check_api(module)
        found: list[Any] = []
        for hook, implementations in hooks_of(module, manager).items():
            with calling(plugin.name, hook):
                offered = answers(hook, implementations)
            check_names(hook, offered)
            found += offered
    if not found:
        raise PluginError(f"{plugin.module} contributes nothing: mark its hooks with @hookimpl")
    return found


def check_api(module: ModuleType) -> None:
    """Says so if a plugin's module is built for another plugin API.

    Raises:
        PluginError: ``ZOO_API`` is missing or another one.
    """
    built_for = getattr(module, "ZOO_API", None)
    if built_for is None:
        raise PluginError(f"{module.__name__} names no plugin API: add ZOO_API = {API_VERSION}")
    if built_for != API_VERSION or isinstance(built_for, bool):
        newer = isinstance(built_for, int) and built_for > API_VERSION
        remedy = "upgrade zoo-core" if newer else "upgrade the plugin"
        said = f"built for plugin API {built_for!r}, this is {API_VERSION}: {remedy}"
        raise IncompatibleError(said)


def _check_markers(manager: pluggy.PluginManager, module: ModuleType) -> None:
    marked = {caller.name for caller in manager.get_hookcallers(module) or ()}
    for name, value in vars(module).items():
        if name.startswith("zoo_") and callable(value) and name not in marked:
            raise PluginError(f"{module.__name__}.{name} is no hook: mark it with @hookimpl")


@final
class _Manager(pluggy.PluginManager):
    """Passes over what Python itself puts into every module, which is most of its names."""

    def parse_hookimpl_opts(self, plugin: object, name: str) -> pluggy.HookimplOpts | None:
        return None if name.startswith("__") else super().parse_hookimpl_opts(plugin, name)


def make_manager() -> pluggy.PluginManager:
    """A manager that knows the hooks, and no plugin."""
    manager = _Manager("zoo")
    manager.add_hookspecs(hookspecs)
    return manager


def hooks_of(module: ModuleType, manager: pluggy.PluginManager | None = None) -> Hooks:
    """The hooks that a module implements, each of them known and marked.

    Args:
        module: Of a plugin.
        manager: Knows no plugin, and does not know this one afterwards.

    Raises:
        PluginError: A function is named like a hook and not marked as one.
        pluggy.PluginValidationError: A hook or an argument of one is unknown.
    """
    manager = manager or make_manager()
    try:
        manager.register(module)
        manager.check_pending()
        _check_markers(manager, module)
        marked = {hook: getattr(manager.hook, hook).get_hookimpls() for hook in HOOKS}
    finally:
        if manager.is_registered(module):
            manager.unregister(module)
    return {hook: [each.function for each in found] for hook, found in marked.items() if found}


def answers(hook: str, implementations: Iterable[Callable[[], Any]]) -> list[Any]:
    """What the implementations of a hook return.

    Raises:
        PluginError: It is no list, or holds something of the wrong type.
    """
    kind = HOOKS[hook]
    found: list[Any] = []
    for implementation in implementations:
        answer = implementation()  # pluggy's own call would drop a None
        if not isinstance(answer, list):
            raise PluginError(f"{hook} must return a list of {kind.__name__}, not {answer!r:.80}")
        for each in answer:
            if not isinstance(each, kind):
                raise PluginError(f"{hook} must return {kind.__name__}s, not {each!r:.80}")
        found += answer
    return found


def check_names(hook: str, found: list[Any]) -> None:
    """Says so if what a hook returned is not well named.

    Raises:
        PluginError: A name has capitals or other signs, or occurs twice.
    """
    names = [each.name for each in found if isinstance(each, AbstractSpec)]
    for name in names:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise PluginError(f"{hook} offers {name!r}: names are lower case, joined by hyphens")
        if names.count(name) > 1:
            raise PluginError(f"{hook} offers {name!r} twice")
