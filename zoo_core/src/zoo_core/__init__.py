"""The core of the zoo: what a plugin author and a user of the Python API import.

Names of the runtime are looked up when they are first used, so that this import stays light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from zoo_core.configs import config, setting
from zoo_core.errors import ZooError
from zoo_core.hookspecs import hookimpl
from zoo_core.layers import AbstractEmbeddingConfig, AbstractRecurrentConfig
from zoo_core.listing import list_datasets, list_models
from zoo_core.signature import Features, Grid, Signature, Tokens
from zoo_core.specs import (
    CommandSpec,
    DatasetSpec,
    KernelSpec,
    ModelSpec,
    TrainerSpec,
)
from zoo_core.training import AbstractTrainerConfig
from zoo_core.vocabulary import Unknown, Vocabulary

if TYPE_CHECKING:
    from zoo_core.runtime.api import create_model, generate, load, predict, train

RUNTIME = ("create_model", "generate", "load", "predict", "train")

__all__ = [
    "AbstractEmbeddingConfig",
    "AbstractRecurrentConfig",
    "AbstractTrainerConfig",
    "CommandSpec",
    "DatasetSpec",
    "Features",
    "Grid",
    "KernelSpec",
    "ModelSpec",
    "Signature",
    "Tokens",
    "TrainerSpec",
    "Unknown",
    "Vocabulary",
    "ZooError",
    "config",
    "create_model",
    "generate",
    "hookimpl",
    "list_datasets",
    "list_models",
    "load",
    "predict",
    "setting",
    "train",
]


def __getattr__(name: str) -> Any:
    if name in RUNTIME:
        from zoo_core.runtime import api

        return getattr(api, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)
