"""Making the model, dataset and trainer that a run config names, and telling whether they fit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from zoo_core.configs.settings import build_config, settings_of
from zoo_core.data.signature import Signature
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import MisfitError, NotFoundError, PluginError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec, ModelSpec, TrainerSpec
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.kernel_choice import kernels
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.hardware.model_size import ensure_fits_memory
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.training.trainer import AbstractTrainer


def make_dataset(
    catalog: Catalog, run_config: RunConfig, vocabulary: Vocabulary | None
) -> AbstractDataset:
    """The run config's dataset, with a checkpoint's vocabulary or its own."""
    spec = _spec(catalog, DatasetSpec, run_config, "dataset")
    dataset: AbstractDataset = resolve(spec.factory)(
        _config(spec, run_config, "dataset"), vocabulary
    )
    return dataset


def missing_paths(catalog: Catalog, run_config: RunConfig) -> list[Path]:
    """The paths in the run config's dataset settings that do not exist."""
    settings = settings_of(resolve(_spec(catalog, DatasetSpec, run_config, "dataset").config))
    given = run_config.configs["dataset"]
    texts = [given[key] for key, each in settings.items() if each.type is Path and given.get(key)]
    return [Path(text) for text in texts if not os.access(text, os.F_OK)]


def make_model(
    catalog: Catalog, run_config: RunConfig, signature: Signature, *, memory_factor: int = 1
) -> AbstractModel:
    """The run config's model for a signature, with the kernels of its backend.

    Args:
        catalog: What is installed.
        run_config: What names the model.
        signature: What goes in and comes out.
        memory_factor: How many times the size of the weights memory must hold.

    Raises:
        DeviceError: It is larger than the memory that is free; nothing is allocated then.
        MisfitError: The model takes no such inputs or gives no such labels.
    """
    spec = _spec(catalog, ModelSpec, run_config, "model")
    if not takes(catalog, run_config, signature):
        expected = f"{' or '.join(spec.accepts)} with a label per {' or '.join(spec.per)}"
        given = f"{run_config.dataset} gives {signature.describe()}"
        hint = (
            f"; try --dataset.per {spec.per[0]}" if "per" in run_config.configs["dataset"] else ""
        )
        raise MisfitError(f"{spec.name} takes {expected}; {given}{hint}")
    factory, config = resolve(spec.factory), _config(spec, run_config, "model")
    ensure_fits_memory(lambda: factory(config, signature), spec.name, memory_factor)
    model: AbstractModel = factory(config, signature)
    chosen = kernels(catalog, run_config.backend)
    for module in model.modules():
        if isinstance(module, Recurrent):
            module.kernels = tuple(chosen)
            module.chooses_by_size = run_config.backend == "auto"
    return model


def takes(catalog: Catalog, run_config: RunConfig, signature: Signature) -> bool:
    """Whether the run config's model can be made for a signature."""
    spec = _spec(catalog, ModelSpec, run_config, "model")
    return signature.inputs.kind in spec.accepts and signature.per in spec.per


def make_trainer(catalog: Catalog, run_config: RunConfig, signature: Signature) -> AbstractTrainer:
    """The run config's trainer for a signature.

    Raises:
        MisfitError: It has no objective for such data.
    """
    spec = _spec(catalog, TrainerSpec, run_config, "trainer")
    trainer: AbstractTrainer = resolve(spec.factory)(
        _config(spec, run_config, "trainer"), signature
    )
    return trainer


def _spec(catalog: Catalog, kind: type[Any], run_config: RunConfig, section: str) -> Any:
    try:
        return catalog.find(kind, run_config.name(section)).spec
    except NotFoundError as error:
        plugin = run_config.plugins[section]
        if plugin in {each.distribution for each in catalog.plugins}:
            raise
        remedy = catalog.how_to_get(plugin)
        name = getattr(run_config, section)
        raise PluginError(f"{section} {name!r} needs the plugin {plugin}: {remedy}") from error


def _config(
    spec: ModelSpec | DatasetSpec | TrainerSpec, run_config: RunConfig, section: str
) -> Any:
    return build_config(resolve(spec.config), section, run_config.configs[section])
