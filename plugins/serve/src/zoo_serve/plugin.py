"""Declarations of this plugin: the command ``serve``."""

from __future__ import annotations

from zoo_core import CommandSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_commands() -> list[CommandSpec]:
    """The commands of this plugin."""
    return [
        CommandSpec(
            name="serve",
            summary="Serve checkpoints over HTTP, in OpenAI's form.",
            target="zoo_serve.command:serve",
        ),
    ]
