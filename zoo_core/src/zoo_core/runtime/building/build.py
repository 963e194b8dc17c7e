"""Making the model, dataset and trainer that a plan names, and telling whether they fit."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from zoo_core.configs.settings import make, settings_of
from zoo_core.data.signature import Signature
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import MisfitError, NotFoundError, PluginError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.discovery import left_out
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec, ModelSpec, TrainerSpec
from zoo_core.run_folder.run_config import Plan
from zoo_core.runtime.building.kernel_choice import kernels
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.hardware.model_size import refuse_large
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.training.trainer import AbstractTrainer


def make_dataset(catalog: Catalog, plan: Plan, vocabulary: Vocabulary | None) -> AbstractDataset:
    """The plan's dataset, with a checkpoint's vocabulary or its own."""
    spec = _spec(catalog, DatasetSpec, plan, "dataset")
    dataset: AbstractDataset = resolve(spec.factory)(_config(spec, plan, "dataset"), vocabulary)
    return dataset


def missing_paths(catalog: Catalog, plan: Plan) -> list[Path]:
    """The paths of the plan's dataset where nothing is to be reached from the present folder."""
    settings = settings_of(resolve(_spec(catalog, DatasetSpec, plan, "dataset").config))
    given = plan.configs["dataset"]
    texts = [given[key] for key, each in settings.items() if each.type is Path and given.get(key)]
    return [Path(text) for text in texts if not os.access(text, os.F_OK)]


def make_model(
    catalog: Catalog, plan: Plan, signature: Signature, *, copies: int = 1
) -> AbstractModel:
    """The plan's model for a signature, with the kernels of its backend.

    Args:
        catalog: What is installed.
        plan: What names the model.
        signature: What goes in and comes out.
        copies: How often memory must hold its weights.

    Raises:
        DeviceError: It is larger than the memory that is free; nothing is allocated then.
        MisfitError: The model takes no such inputs or gives no such labels.
    """
    spec = _spec(catalog, ModelSpec, plan, "model")
    if not takes(catalog, plan, signature):
        wanted = f"{' or '.join(spec.accepts)} with a label per {' or '.join(spec.per)}"
        given = f"{plan.dataset} gives {signature.describe()}"
        hint = f"; try --dataset.per {spec.per[0]}" if "per" in plan.configs["dataset"] else ""
        raise MisfitError(f"{spec.name} takes {wanted}; {given}{hint}")
    factory, config = resolve(spec.factory), _config(spec, plan, "model")
    refuse_large(lambda: factory(config, signature), spec.name, copies)
    model: AbstractModel = factory(config, signature)
    chosen = kernels(catalog, plan.backend)
    for module in model.modules():
        if isinstance(module, Recurrent):
            module.kernels = tuple(chosen)
    return model


def takes(catalog: Catalog, plan: Plan, signature: Signature) -> bool:
    """Whether the plan's model can be made for a signature."""
    spec = _spec(catalog, ModelSpec, plan, "model")
    return signature.inputs.kind in spec.accepts and signature.per in spec.per


def make_trainer(catalog: Catalog, plan: Plan, signature: Signature) -> AbstractTrainer:
    """The plan's trainer for a signature.

    Raises:
        MisfitError: It has no objective for such data.
    """
    spec = _spec(catalog, TrainerSpec, plan, "trainer")
    trainer: AbstractTrainer = resolve(spec.factory)(_config(spec, plan, "trainer"), signature)
    return trainer


def _spec(catalog: Catalog, kind: type[Any], plan: Plan, section: str) -> Any:
    try:
        return catalog.find(kind, plan.name(section)).spec
    except NotFoundError as error:
        plugin = plan.plugins[section]
        if plugin in {each.distribution for each in catalog.plugins}:
            raise
        remedy = f"install it: zoo plugins install {plugin}"
        if plugin in {each.plugin.distribution for each in catalog.broken}:
            remedy = "it is installed but broken; see: zoo plugins"
        elif left_out(plugin):
            remedy = "it is installed, but ZOO_PLUGINS leaves it out"
        name = getattr(plan, section)
        raise PluginError(f"{section} {name!r} needs the plugin {plugin}: {remedy}") from error


def _config(spec: ModelSpec | DatasetSpec | TrainerSpec, plan: Plan, section: str) -> Any:
    return make(resolve(spec.config), section, plan.configs[section])
