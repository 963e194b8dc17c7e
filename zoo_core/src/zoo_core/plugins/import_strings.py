"""Import strings: ``package.module:Name``."""

from __future__ import annotations

import contextlib
import importlib
import sys
from typing import Any

from zoo_core.errors import Interrupted, PluginError


def resolve(import_string: str) -> Any:
    """Returns the object that ``package.module:Name`` names.

    What the module prints while it is imported goes to stderr.

    Raises:
        PluginError: There is no such module or no such name in it, or importing it raises
            anything at all.
    """
    module, _, name = import_string.partition(":")
    try:
        with contextlib.redirect_stdout(sys.stderr):
            return getattr(importlib.import_module(module), name)
    except Interrupted:
        raise
    except BaseException as error:  # SystemExit too: it is the plugin's failure
        reason = f"{type(error).__name__}: {error}"
        advice = "repair or reinstall the plugin that declares it"
        raise PluginError(f"cannot import {import_string!r}: {reason}; {advice}") from error
