"""Declarations of this plugin: the command ``ui``."""

from __future__ import annotations

from zoo_core import CommandSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_commands() -> list[CommandSpec]:
    """The commands of this plugin."""
    return [
        CommandSpec(
            name="ui",
            summary="Open the zoo in the browser.",
            target="zoo_ui.command:ui",
        ),
    ]
