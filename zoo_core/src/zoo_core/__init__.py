"""The core of the zoo: the names that plugin authors and users of the Python API import.

Only what a plugin needs to declare itself is imported at once. The other names are imported when
they are first used, so that this import stays light.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from zoo_core.errors import (
    AmbiguousError,
    AnswerError,
    ConfigError,
    DataError,
    DeniedError,
    DeviceError,
    DivergedError,
    ExportError,
    IncompatibleError,
    IntegrityError,
    MisfitError,
    NetworkError,
    NotFoundError,
    PeerError,
    PluginError,
    ProcessError,
    RefusedError,
    ResumeError,
    TargetError,
    ZooError,
)
from zoo_core.plugins.hookspecs import hookimpl
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

if TYPE_CHECKING:
    from zoo_core.comparisons.comparison import Comparison
    from zoo_core.configs.declare import config, setting
    from zoo_core.configs.layers import (
        AbstractEmbeddedRecurrentConfig,
        AbstractEmbeddingConfig,
        AbstractRecurrentConfig,
        AbstractTiedEmbeddingConfig,
    )
    from zoo_core.configs.tokens import AbstractTokensConfig
    from zoo_core.configs.training import AbstractTrainerConfig
    from zoo_core.data.signature import (
        Classes,
        Custom,
        Features,
        Grid,
        Keys,
        Signature,
        Tokens,
        Values,
    )
    from zoo_core.data.tokenizer import AbstractTokenizer
    from zoo_core.data.vocabulary import Unknown, Vocabulary
    from zoo_core.plugins.listing import list_checkpoints, list_datasets, list_models
    from zoo_core.run_folder.objective import Objective
    from zoo_core.runtime.api import (
        SweepResult,
        check_data,
        compare,
        create_model,
        embeddings,
        evaluate,
        export,
        generate,
        inspect,
        load,
        predict,
        probabilities,
        pull,
        push,
        resume,
        states,
        stream,
        sweep,
        train,
        values,
        verify,
    )
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
    from zoo_core.runtime.checkpoints.verification import VerifiedItem
    from zoo_core.runtime.datasets.data_check import DataReport
    from zoo_core.runtime.exporting.exporter import ExportResult
    from zoo_core.runtime.hub.publish import Publication
    from zoo_core.runtime.inspection.inspection import Inspection

__version__: str
"""The version of zoo-core; read when it is first used."""

LAZY_NAMES = {
    "zoo_core.comparisons.comparison": ("Comparison",),
    "zoo_core.configs.declare": ("config", "setting"),
    "zoo_core.configs.layers": (
        "AbstractEmbeddedRecurrentConfig",
        "AbstractEmbeddingConfig",
        "AbstractRecurrentConfig",
        "AbstractTiedEmbeddingConfig",
    ),
    "zoo_core.plugins.listing": ("list_checkpoints", "list_datasets", "list_models"),
    "zoo_core.runtime.api": (
        "SweepResult",
        "check_data",
        "compare",
        "create_model",
        "embeddings",
        "evaluate",
        "export",
        "generate",
        "inspect",
        "load",
        "predict",
        "probabilities",
        "pull",
        "push",
        "resume",
        "states",
        "stream",
        "sweep",
        "train",
        "values",
        "verify",
    ),
    "zoo_core.runtime.checkpoints.checkpoint": ("Checkpoint",),
    "zoo_core.runtime.checkpoints.verification": ("VerifiedItem",),
    "zoo_core.runtime.datasets.data_check": ("DataReport",),
    "zoo_core.runtime.exporting.exporter": ("ExportResult",),
    "zoo_core.runtime.hub.publish": ("Publication",),
    "zoo_core.runtime.inspection.inspection": ("Inspection",),
    "zoo_core.data.signature": (
        "Classes",
        "Custom",
        "Features",
        "Grid",
        "Keys",
        "Signature",
        "Tokens",
        "Values",
    ),
    "zoo_core.run_folder.objective": ("Objective",),
    "zoo_core.configs.tokens": ("AbstractTokensConfig",),
    "zoo_core.configs.training": ("AbstractTrainerConfig",),
    "zoo_core.data.tokenizer": ("AbstractTokenizer",),
    "zoo_core.data.vocabulary": ("Unknown", "Vocabulary"),
}
"""The names that are imported when they are first used, by module."""

__all__ = [
    "AbstractEmbeddedRecurrentConfig",
    "AbstractEmbeddingConfig",
    "AbstractRecurrentConfig",
    "AbstractTiedEmbeddingConfig",
    "AbstractTokenizer",
    "AbstractTokensConfig",
    "AbstractTrainerConfig",
    "AmbiguousError",
    "AnswerError",
    "Checkpoint",
    "Classes",
    "CommandSpec",
    "Comparison",
    "ConfigError",
    "Custom",
    "DataError",
    "DataReport",
    "DatasetSpec",
    "DeniedError",
    "DeviceError",
    "DivergedError",
    "EngineSpec",
    "ExportError",
    "ExportResult",
    "ExporterSpec",
    "Features",
    "Grid",
    "IncompatibleError",
    "Inspection",
    "IntegrityError",
    "KernelSpec",
    "Keys",
    "LoggerSpec",
    "MisfitError",
    "ModelSpec",
    "NetworkError",
    "NotFoundError",
    "Objective",
    "PeerError",
    "PluginError",
    "ProcessError",
    "Publication",
    "RefusedError",
    "ResumeError",
    "Signature",
    "SweepResult",
    "TargetError",
    "TokenizerSpec",
    "Tokens",
    "TrainerSpec",
    "Unknown",
    "Values",
    "VerifiedItem",
    "Vocabulary",
    "ZooError",
    "__version__",
    "check_data",
    "compare",
    "config",
    "create_model",
    "embeddings",
    "evaluate",
    "export",
    "generate",
    "hookimpl",
    "inspect",
    "list_checkpoints",
    "list_datasets",
    "list_models",
    "load",
    "predict",
    "probabilities",
    "pull",
    "push",
    "resume",
    "setting",
    "states",
    "stream",
    "sweep",
    "train",
    "values",
    "verify",
]


def __getattr__(name: str) -> Any:
    if name == "__version__":
        from importlib.metadata import version

        return version("zoo-core")
    for module, names in LAZY_NAMES.items():
        if name in names:
            from importlib import import_module

            return getattr(import_module(module), name)
    message = f"module {__name__!r} has no attribute {name!r}"
    # with these Python suggests the nearest name
    raise AttributeError(message, name=name, obj=sys.modules[__name__])


def __dir__() -> list[str]:
    return sorted(__all__)
