"""What a plugin may contribute. Each hook returns a list; none registers by side effect."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:  # pluggy looks at every name of this module, once for each plugin
    from pathlib import Path

    from zoo_core.specs import CommandSpec, DatasetSpec, KernelSpec, ModelSpec, TrainerSpec

hookspec = pluggy.HookspecMarker("zoo")
hookimpl = pluggy.HookimplMarker("zoo")


@hookspec
def zoo_models() -> list[ModelSpec]:  # type: ignore[empty-body]
    """Return the models of this plugin."""


@hookspec
def zoo_datasets() -> list[DatasetSpec]:  # type: ignore[empty-body]
    """Return the datasets of this plugin."""


@hookspec
def zoo_trainers() -> list[TrainerSpec]:  # type: ignore[empty-body]
    """Return the trainers of this plugin."""


@hookspec
def zoo_kernels() -> list[KernelSpec]:  # type: ignore[empty-body]
    """Return the kernels of this plugin."""


@hookspec
def zoo_commands() -> list[CommandSpec]:  # type: ignore[empty-body]
    """Return the commands that this plugin adds to ``zoo``."""


@hookspec
def zoo_registries() -> list[Path]:  # type: ignore[empty-body]
    """Return the paths of this plugin's registry files, each in the form of ``registry.toml``."""
