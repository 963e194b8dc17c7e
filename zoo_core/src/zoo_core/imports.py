"""Import strings."""

from __future__ import annotations

import importlib
from typing import Any

from zoo_core.errors import PluginError


def resolve(import_string: str) -> Any:
    """The object that ``package.module:Name`` names.

    Raises:
        PluginError: There is no such module or no such name in it.
    """
    module, _, name = import_string.partition(":")
    try:
        return getattr(importlib.import_module(module), name)
    except (ImportError, AttributeError, ValueError) as error:
        message = f"cannot import {import_string!r}: {error}; reinstall the plugin that declares it"
        raise PluginError(message) from error
