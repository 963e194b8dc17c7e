"""What a plugin may contribute. Each hook returns a list; none registers by side effect.

Every implementation is called by itself, with what it prints turned to stderr. One that raises, or
returns anything but a list of the right specs, makes its plugin a broken one and touches no other.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:  # pluggy looks at every name of this module
    from pathlib import Path

    from zoo_core.plugins.specs import CommandSpec, DatasetSpec, KernelSpec, ModelSpec, TrainerSpec

hookspec = pluggy.HookspecMarker("zoo")
hookimpl = pluggy.HookimplMarker("zoo")


@hookspec
def zoo_models() -> list[ModelSpec]:  # type: ignore[empty-body]
    """Return the models of this plugin.

    Each is then in ``zoo list``, has its settings as flags of ``zoo train NAME``, and is trained by
    the recipes ``recipes/NAME.TAG.toml`` that lie beside the plugin's module.
    """


@hookspec
def zoo_datasets() -> list[DatasetSpec]:  # type: ignore[empty-body]
    """Return the datasets of this plugin.

    Each is then what ``--dataset NAME`` may name, with its settings as flags ``--dataset.KEY``.
    Nothing is read or downloaded before a run asks for it.
    """


@hookspec
def zoo_trainers() -> list[TrainerSpec]:  # type: ignore[empty-body]
    """Return the trainers of this plugin.

    A trainer is an objective: loss, metrics and groups of parameters. The loop is the core's, so
    that resuming, budgets, signals and diverging are the same for all.
    """


@hookspec
def zoo_kernels() -> list[KernelSpec]:  # type: ignore[empty-body]
    """Return the kernels of this plugin.

    A kernel runs a cell over time, faster than the reference and with the same result. ``--backend
    NAME`` names one; ``auto`` tries those of plugins first.
    """


@hookspec
def zoo_commands() -> list[CommandSpec]:  # type: ignore[empty-body]
    """Return the commands that this plugin adds to ``zoo``.

    ``zoo --help`` shows name and summary without importing the command. The zoo's own names win.
    """


@hookspec
def zoo_registries() -> list[Path]:  # type: ignore[empty-body]
    """Return the paths of this plugin's registry files, each in the form of ``registry.toml``.

    They are merged with the zoo's own; a checkpoint or a plugin that two files name is refused.
    """
