"""The hooks that a plugin may implement. Every hook returns a list; none registers by side effect.

Every implementation is called by itself, and what it prints goes to stderr. A plugin whose hook
raises, or returns anything but a list of the right specs, is broken; the other plugins still work.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:  # pluggy looks at every name of this module
    from pathlib import Path

    from zoo_core.plugins.specs import (
        CommandSpec,
        DatasetSpec,
        EngineSpec,
        ExporterSpec,
        KernelSpec,
        LoggerSpec,
        ModelSpec,
        TokenizerSpec,
        TrainerSpec,
    )

hookspec = pluggy.HookspecMarker("zoo")
hookimpl = pluggy.HookimplMarker("zoo")


@hookspec
def zoo_models() -> list[ModelSpec]:  # type: ignore[empty-body]
    """Return the models of this plugin.

    ``zoo list`` shows them, ``zoo train NAME`` has their settings as options, and the recipes
    ``recipes/NAME.TAG.toml`` beside the plugin's module train them.
    """


@hookspec
def zoo_datasets() -> list[DatasetSpec]:  # type: ignore[empty-body]
    """Return the datasets of this plugin.

    ``--dataset NAME`` chooses one, and ``--dataset.KEY`` sets its settings. Nothing is read or
    downloaded before a run needs it.
    """


@hookspec
def zoo_trainers() -> list[TrainerSpec]:  # type: ignore[empty-body]
    """Return the trainers of this plugin.

    A trainer is an objective: loss, metrics and groups of parameters. The loop belongs to the core,
    so resuming, budgets, signals and divergence work the same for all trainers.
    """


@hookspec
def zoo_kernels() -> list[KernelSpec]:  # type: ignore[empty-body]
    """Return the kernels of this plugin.

    A kernel runs a cell over time, faster than the reference and with the same result. ``--backend
    NAME`` chooses one; ``auto`` tries the kernels of plugins first.
    """


@hookspec
def zoo_tokenizers() -> list[TokenizerSpec]:  # type: ignore[empty-body]
    """Return the tokenizers of this plugin.

    ``--dataset.tokens NAME`` chooses one for a text. Its JSON is kept in the checkpoint, so that a
    model is used without the text that the tokenizer learned from.
    """


@hookspec
def zoo_loggers() -> list[LoggerSpec]:  # type: ignore[empty-body]
    """Return the loggers of this plugin.

    ``--logger NAME`` attaches one to a run. It receives the steps and the epochs of the run, and
    decides nothing: the weights are the same without it. One that raises is disabled.
    """


@hookspec
def zoo_commands() -> list[CommandSpec]:  # type: ignore[empty-body]
    """Return the commands that this plugin adds to ``zoo``.

    ``zoo --help`` shows name and summary without importing the command. The zoo's own commands take
    precedence.
    """


@hookspec
def zoo_exporters() -> list[ExporterSpec]:  # type: ignore[empty-body]
    """Return the export formats of this plugin.

    ``zoo export --format NAME`` writes a checkpoint in one of them. The core verifies nothing by
    itself: an exporter compares what it wrote with the model, by ``verify_program``.
    """


@hookspec
def zoo_engines() -> list[EngineSpec]:  # type: ignore[empty-body]
    """Return the engines of this plugin.

    ``--engine NAME`` of ``zoo sweep``, ``zoo compare`` and ``zoo reproduce`` chooses one. It trains
    runs elsewhere, into the same folders, so that another engine continues what it began.
    """


@hookspec
def zoo_registries() -> list[Path]:  # type: ignore[empty-body]
    """Return the paths of this plugin's registry files, each in the form of ``registry.toml``.

    They are merged with the zoo's own file. A checkpoint or plugin that two files name is an error.
    """
