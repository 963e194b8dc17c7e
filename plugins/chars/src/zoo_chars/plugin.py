"""What this plugin brings: the ladder of character models."""

from __future__ import annotations

from zoo_core import ModelSpec, hookimpl

ZOO_API = 1


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return []
