"""What this plugin brings: recurrent language models whose parameters are bare matrices."""

from __future__ import annotations

from zoo_core import ModelSpec, hookimpl

ZOO_API = 1


@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return []
