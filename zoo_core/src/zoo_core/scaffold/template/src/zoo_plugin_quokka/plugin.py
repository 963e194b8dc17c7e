"""Declarations of this plugin."""

from __future__ import annotations

from zoo_core import (
    CommandSpec,  # [command]
    DatasetSpec,  # [dataset]
    KernelSpec,  # [kernel]
    LoggerSpec,  # [logger]
    ModelSpec,  # [model]
    TrainerSpec,  # [trainer]
    hookimpl,
)

ZOO_API = 3


# [model]
@hookimpl
def zoo_models() -> list[ModelSpec]:
    """The models of this plugin."""
    return [
        ModelSpec(
            name="quokka",
            summary="Layers of the minimal gated unit over one-hot symbols.",
            config="zoo_plugin_quokka.configs:QuokkaConfig",
            factory="zoo_plugin_quokka.models:quokka_model",
            accepts=("tokens", "features"),
            default_recipe="hello",
            source="Zhou et al., Minimal Gated Unit for Recurrent Neural Networks (2016)",
            tags=("gated", "manual"),
        ),
    ]


# [end]
# [dataset]
@hookimpl
def zoo_datasets() -> list[DatasetSpec]:
    """The datasets of this plugin."""
    return [
        DatasetSpec(
            name="quokka",
            summary="Sequences of bits; each label is the parity of the bits so far.",
            config="zoo_plugin_quokka.configs:QuokkaDataConfig",
            factory="zoo_plugin_quokka.dataset:QuokkaDataset",
            default_trainer="supervised",
            source="the parity of a sequence, computed when it is needed",
            license="CC0-1.0",
            tags=("toy", "offline"),
        ),
    ]


# [end]
# [trainer]
@hookimpl
def zoo_trainers() -> list[TrainerSpec]:
    """The trainers of this plugin."""
    return [
        TrainerSpec(
            name="quokka",
            summary="Labels per step or per sequence, cross entropy with label smoothing.",
            config="zoo_plugin_quokka.configs:QuokkaTrainerConfig",
            factory="zoo_plugin_quokka.trainer:QuokkaTrainer",
            tags=("classification",),
        ),
    ]


# [end]
# [kernel]
@hookimpl
def zoo_kernels() -> list[KernelSpec]:
    """The kernels of this plugin."""
    return [
        KernelSpec(
            name="quokka",
            summary="The GRU with the reset gate before the product, with two products per step.",
            factory="zoo_plugin_quokka.kernel:QuokkaKernel",
            cells=("gru-reset-before",),
        ),
    ]


# [end]
# [logger]
@hookimpl
def zoo_loggers() -> list[LoggerSpec]:
    """The loggers of this plugin."""
    return [
        LoggerSpec(
            name="quokka",
            summary="Writes the training loss of every epoch to losses.txt.",
            factory="zoo_plugin_quokka.logger:QuokkaLogger",
        ),
    ]


# [end]
# [command]
@hookimpl
def zoo_commands() -> list[CommandSpec]:
    """The commands that this plugin adds to ``zoo``."""
    return [
        CommandSpec(
            name="quokka",
            summary="Count the symbols of a text.",
            target="zoo_plugin_quokka.command:count",
        ),
    ]


# [end]
