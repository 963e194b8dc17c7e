"""Loading one plugin, isolated from the others.

The plugin's module is imported and its hooks are called, each by itself, under a time limit and
with what they print turned to stderr.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable, Iterable
from types import FunctionType, ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

import pluggy

from zoo_core.errors import IncompatibleError, PluginError, suggest
from zoo_core.plugins import hookspecs
from zoo_core.plugins.discovery import Plugin
from zoo_core.plugins.printing import printing_to_stderr
from zoo_core.plugins.specs import API_VERSION, SPEC_CLASSES, AbstractSpec
from zoo_core.plugins.trace import traced_call
from zoo_core.plugins.watchdog import time_limit

if TYPE_CHECKING:
    from pathlib import Path

SPEC_HOOKS: dict[str, type[AbstractSpec]] = {f"zoo_{cls.noun}s": cls for cls in SPEC_CLASSES}
"""The class of specs that each hook returns a list of."""
HOOKS = (*SPEC_HOOKS, "zoo_registries")
VARIADIC = 0x04 | 0x08
"""The flags of a function's code that stand for ``*args`` and ``**kwargs``."""
PORTING = {
    1: 'write "from zoo_core.runtime.nn import ..." and ZOO_API = 3',
    2: "declare outputs and trainers as docs/hooks.md says, and write ZOO_API = 3",
}
"""What the author of a plugin for an earlier API changes."""
FIELD_TYPES: dict[str, tuple[type | tuple[type, ...], str]] = {
    "str": (str, "a text"),
    "bool": (bool, "True or False"),
    "int": (int, "an integer"),
    "tuple[str, ...]": ((tuple, list), "a tuple of texts"),
}
"""What the fields of specs may hold, and its words, by their annotations."""
NAME = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")

Implementations: TypeAlias = dict[str, list[Callable[[], Any]]]
"""A module's implementations by name of the hook."""


def load_plugin(plugin: Plugin) -> list[Any]:
    """Returns every spec and registry path that a plugin contributes.

    Whatever the plugin raises leaves this function, ``SystemExit`` included.

    Args:
        plugin: The plugin to load.

    Raises:
        IncompatibleError: The plugin is built for another plugin API.
        PluginError: The plugin misspells a hook, returns something of the wrong type or with a
            field of the wrong type, uses a name twice, contributes nothing, hangs, or closes
            stdout or stderr.
    """
    with printing_to_stderr(), time_limit():
        with traced_call(plugin.name, "import"):
            module = importlib.import_module(plugin.module)
        check_api(module)
        contributed: list[Any] = []
        for hook, implementations in find_hooks(module).items():
            with traced_call(plugin.name, hook):
                returned = call_hook(hook, implementations)
            check_names(hook, returned)
            check_fields(hook, returned)
            contributed += returned
    if not contributed:
        raise PluginError(f"{plugin.module} contributes nothing: mark its hooks with @hookimpl")
    return contributed


def check_api(module: ModuleType) -> None:
    """Checks that a plugin's module is built for this plugin API.

    Raises:
        PluginError: ``ZOO_API`` is missing, or names another plugin API.
    """
    built_for = getattr(module, "ZOO_API", None)
    if built_for is None:
        raise PluginError(f"{module.__name__} names no plugin API: add ZOO_API = {API_VERSION}")
    if built_for != API_VERSION:
        newer = isinstance(built_for, int) and built_for > API_VERSION
        remedy = "upgrade zoo-core" if newer else "upgrade the plugin"
        raise IncompatibleError(
            f"built for plugin API {built_for!r}, this is {API_VERSION}: {remedy}",
            porting=PORTING.get(built_for, "") if isinstance(built_for, int) else "",
        )


def find_hooks(module: ModuleType) -> Implementations:
    """Returns the hooks that a plugin's module implements, in the order of ``HOOKS``.

    Args:
        module: The plugin's module.

    Raises:
        PluginError: A function is named like a hook and not marked as one, or marked as a hook that
            does not exist.
        pluggy.PluginValidationError: An argument of a hook is unknown.
    """
    plain = _plain_hooks(module)
    return _hooks_by_pluggy(module) if plain is None else plain


def _plain_hooks(module: ModuleType) -> Implementations | None:
    """Returns the hooks of a module that implements them as plain functions.

    Nearly every module does, and this takes a tenth of pluggy's time.

    Returns:
        None if pluggy has to judge: anything else is marked, or named like a hook.
    """
    found: dict[str, Callable[[], Any]] = {}
    for name, value in vars(module).items():
        if isinstance(value, FunctionType):
            options = vars(value).get("zoo_impl")  # the mark of @hookimpl
            if options is None and not name.startswith("zoo_"):
                continue
            if options is None or any(options.values()) or name not in HOOKS or _arguments(value):
                return None
            found[name] = value
        elif callable(value) and (name.startswith("zoo_") or not _is_unmarked(value)):
            return None
    return {hook: [found[hook]] for hook in HOOKS if hook in found}


def _arguments(function: FunctionType) -> bool:
    code = function.__code__
    return bool(code.co_argcount or code.co_kwonlyargcount or code.co_flags & VARIADIC)


def _is_unmarked(value: object) -> bool:
    """Whether a callable that is no plain function is of a type that ``@hookimpl`` cannot mark."""
    return isinstance(value, type | pluggy.HookimplMarker)


def _hooks_by_pluggy(module: ModuleType) -> Implementations:
    manager = pluggy.PluginManager("zoo")
    manager.add_hookspecs(hookspecs)
    manager.register(module)
    _check_hook_names(manager, module)
    _check_markers(manager, module)
    implementations = {hook: getattr(manager.hook, hook).get_hookimpls() for hook in HOOKS}
    return {
        hook: [implementation.function for implementation in marked]
        for hook, marked in implementations.items()
        if marked
    }


def _check_hook_names(manager: pluggy.PluginManager, module: ModuleType) -> None:
    for caller in manager.get_hookcallers(module) or ():
        if caller.has_spec() or all(impl.optionalhook for impl in caller.get_hookimpls()):
            continue
        advice = suggest(caller.name, HOOKS) or f"there are {', '.join(HOOKS)}"
        raise PluginError(f"{module.__name__}: no hook {caller.name!r}; {advice}")


def _check_markers(manager: pluggy.PluginManager, module: ModuleType) -> None:
    marked = {caller.name for caller in manager.get_hookcallers(module) or ()}
    for name, value in vars(module).items():
        if name.startswith("zoo_") and callable(value) and name not in marked:
            raise PluginError(f"{module.__name__}.{name} is not a hook: mark it with @hookimpl")


def item_class(hook: str) -> type[AbstractSpec] | type[Path]:
    """Returns the class of what a hook returns a list of."""
    if hook in SPEC_HOOKS:
        return SPEC_HOOKS[hook]
    from pathlib import Path

    return Path


def call_hook(hook: str, implementations: Iterable[Callable[[], Any]]) -> list[Any]:
    """Returns what the implementations of a hook return, as one list.

    Raises:
        PluginError: An implementation returns no list, or an item of the wrong type.
    """
    expected = item_class(hook)
    items: list[Any] = []
    for implementation in implementations:
        returned = implementation()  # pluggy's own call would drop a None
        if not isinstance(returned, list):
            raise PluginError(
                f"{hook} must return a list of {expected.__name__}, not {returned!r:.80}"
            )
        for item in returned:
            if not isinstance(item, expected):
                raise PluginError(f"{hook} must return {expected.__name__}s, not {item!r:.80}")
        items += returned
    return items


def check_names(hook: str, returned: list[Any]) -> None:
    """Checks the names of the specs that a hook returned.

    Raises:
        PluginError: A name has capitals or other signs, or occurs twice.
    """
    names = [spec.name for spec in returned if isinstance(spec, AbstractSpec)]
    for name in names:
        if not isinstance(name, str) or not NAME.fullmatch(name):
            raise PluginError(f"{hook} offers {name!r}: names are lower case, joined by hyphens")
        if names.count(name) > 1:
            raise PluginError(f"{hook} offers {name!r} twice")


def check_fields(hook: str, returned: list[Any]) -> None:
    """Checks the types of the fields of the specs that a hook returned.

    One that is wrong would fail in a command that lists the specs of every plugin.

    Raises:
        PluginError: A field has another type than its annotation says.
    """
    for spec in returned:
        if not isinstance(spec, AbstractSpec):
            continue
        for field, value in vars(spec).items():
            if not _fits(spec.annotations[field], value):
                _, expected = FIELD_TYPES[spec.annotations[field]]
                raise PluginError(
                    f"{hook} offers {spec.name!r} with {field} = {value!r:.80}: "
                    f"expected {expected}{_tuple_remedy(value, expected)}"
                )


def _fits(annotation: str, value: object) -> bool:
    if annotation not in FIELD_TYPES:  # a field of a subclass of a plugin
        return True
    types, _ = FIELD_TYPES[annotation]
    if not isinstance(value, types):
        return False
    return not isinstance(value, tuple | list) or all(isinstance(item, str) for item in value)


def _tuple_remedy(value: object, expected: str) -> str:
    return f", such as ({value!r:.40},)" if isinstance(value, str) and "tuple" in expected else ""
