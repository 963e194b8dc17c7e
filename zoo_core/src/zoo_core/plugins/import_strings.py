"""Import strings: ``package.module:Name``."""

from __future__ import annotations

import importlib
from typing import Any

from zoo_core.errors import Interrupted, PluginError
from zoo_core.plugins.discovery import every_plugin
from zoo_core.plugins.interrupts import real_interrupts
from zoo_core.plugins.printing import printing_to_stderr


def resolve(import_string: str) -> Any:
    """Returns the object that ``package.module:Name`` names.

    What the module prints while it is imported goes to stderr.

    Raises:
        PluginError: There is no such module or no such name in it, or importing it raises
            anything at all.
    """
    module, _, name = import_string.partition(":")
    try:
        with printing_to_stderr(), real_interrupts():
            return getattr(importlib.import_module(module), name)
    except Interrupted:
        raise
    except BaseException as error:  # SystemExit too: it is the plugin's failure
        reason = f"{type(error).__name__}: {error}"
        advice = f"repair or reinstall {owner_of(import_string)}"
        raise PluginError(f"cannot import {import_string!r}: {reason}; {advice}") from error


def owner_of(import_string: str) -> str:
    """Returns the distribution of the plugin whose package an import string names.

    For another package it is ``the plugin that declares it``, in words.
    """
    package = import_string.partition(":")[0].partition(".")[0]
    owners = {p.distribution for p in every_plugin() if p.module.partition(".")[0] == package}
    return min(owners, default="the plugin that declares it")


def make(import_string: str, kind: type[Any], *arguments: object) -> Any:
    """Calls the factory that an import string names.

    Raises:
        PluginError: There is no such factory, or it returns something else than a ``kind``.
    """
    factory = resolve(import_string)
    made = factory(*arguments) if callable(factory) else factory
    if not isinstance(made, kind):
        does = "returns" if callable(factory) else "is"
        raise PluginError(
            f"{import_string!r} {does} a {type(made).__name__}, expected an {kind.__name__}; "
            f"repair or reinstall {owner_of(import_string)}"
        )
    return made
