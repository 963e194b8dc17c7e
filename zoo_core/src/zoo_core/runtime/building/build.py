"""Building the model, the dataset and the trainer of a run config."""

from __future__ import annotations

import glob
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from zoo_core.configs.settings import build_config, settings_of, settings_without_effect
from zoo_core.configs.training import AbstractTrainerConfig
from zoo_core.data.signature import OUTPUT_NOUNS, Classes, Outputs, Signature
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import ConfigError, MisfitError, NotFoundError, PluginError, ZooError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.import_strings import make, resolve
from zoo_core.plugins.specs import DatasetSpec, ModelSpec, TrainerSpec
from zoo_core.plugins.tokenizers import with_tokenizer
from zoo_core.recipes.recipe import find_recipe
from zoo_core.recipes.resolve import SPECS, resolve_run
from zoo_core.references import Named
from zoo_core.run_folder.local_paths import LocalPaths, find_local_paths
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.kernel_choice import kernels
from zoo_core.runtime.datasets.class_counts import count_classes
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.hardware.model_size import ensure_fits_memory
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.training.trainer import AbstractTrainer

SUPERVISED = "supervised"
"""The trainer that is taken for labels if several train on them."""


def make_dataset(
    catalog: Catalog,
    run_config: RunConfig,
    vocabulary: Vocabulary | None,
    signature: Signature | None = None,
) -> AbstractDataset:
    """Builds the dataset of a run config.

    Args:
        catalog: The installed plugins.
        run_config: The run config.
        vocabulary: The vocabulary of a checkpoint; None for the dataset's own.
        signature: The signature of that checkpoint, whose names and scales the dataset takes over;
            None for the dataset's own.
    """
    spec = _spec(catalog, DatasetSpec, run_config, "dataset")
    config, known = _config(spec, run_config, "dataset"), with_tokenizer(vocabulary, catalog)
    dataset: AbstractDataset = make(spec.factory, AbstractDataset, config, known)
    if signature is not None:
        dataset.adopt(signature)
    return dataset


def missing_paths(catalog: Catalog, run_config: RunConfig) -> list[Path]:
    """Returns the paths in the settings of a run config's dataset that do not exist."""
    values = run_config.configs["dataset"]
    keys = _path_keys(_spec(catalog, DatasetSpec, run_config, "dataset"), values)
    values_of_paths = [values[key] for key in keys if values.get(key)]
    paths = [
        Path(path)
        for value in values_of_paths
        for path in (value if isinstance(value, (list, tuple)) else [value])
    ]
    return [path for path in paths if not os.access(path, os.F_OK) and not glob.glob(str(path))]  # noqa: PTH207


def local_paths(catalog: Catalog, run_config: RunConfig) -> LocalPaths:
    """Returns the paths in a run config.

    Where a plugin is missing, no one knows which settings are paths; absolute paths count.
    """
    keys: dict[str, list[str]] = {}
    for section, kind in SPECS.items():
        values = run_config.configs[section]
        try:
            keys[section] = _path_keys(_spec(catalog, kind, run_config, section), values)
        except ZooError:
            keys[section] = [
                key
                for key, value in values.items()
                if isinstance(value, str) and Path(value).is_absolute()
            ]
    return find_local_paths(run_config, keys)


def _path_keys(
    spec: ModelSpec | DatasetSpec | TrainerSpec, values: Mapping[str, object]
) -> list[str]:
    """Returns the keys of the settings whose values are paths."""
    settings = settings_of(resolve(spec.config))
    return [key for key, setting in settings.items() if setting.is_path(values.get(key))]


def make_model(
    catalog: Catalog, run_config: RunConfig, signature: Signature, *, memory_factor: int = 1
) -> AbstractModel:
    """Builds the model of a run config, with the kernels of its backend.

    Args:
        catalog: The installed plugins.
        run_config: The run config.
        signature: The inputs and outputs.
        memory_factor: The memory that must be free, in multiples of the size of the weights.

    Raises:
        DeviceError: The model does not fit into the free memory. Nothing is allocated then.
        MisfitError: The model does not accept the inputs, or does not give such outputs.
    """
    spec = _spec(catalog, ModelSpec, run_config, "model")
    if signature.context and not spec.context:
        names = ", ".join(signature.context)
        raise MisfitError(
            f"{spec.name} takes no further inputs; {run_config.dataset} gives {names} too"
        )
    if not model_accepts(catalog, run_config, signature):
        expected = f"{' or '.join(spec.accepts)} with a label per {' or '.join(spec.per)}"
        message = f"{spec.name} takes {expected}; {run_config.dataset} gives {signature.describe()}"
        if signature.inputs.kind in spec.accepts and "per" in run_config.configs["dataset"]:
            message += f"; try: --dataset.per {spec.per[0]}"
        else:
            other = _nearest_model(catalog, spec, signature)
            dataset = _dataset_of_default_recipe(catalog, spec)
            remedies = [f"the model {other}"] if other else []
            remedies += [f"--dataset {dataset}"] if dataset else []
            message += f"; try: {' or '.join(remedies)}" if remedies else ""
        raise MisfitError(message)
    config = _config(spec, run_config, "model")

    def build() -> AbstractModel:
        model: AbstractModel = make(spec.factory, AbstractModel, config, signature)
        return model

    ensure_fits_memory(build, spec.name, memory_factor)
    model = build()
    backend_kernels = tuple(kernels(catalog, run_config.backend))
    for module in model.modules():
        if isinstance(module, Recurrent):
            module.kernels = backend_kernels
            module.chooses_by_size = run_config.backend == "auto"
    return model


def _dataset_of_default_recipe(catalog: Catalog, spec: ModelSpec) -> str:
    """Returns the dataset of a model's default recipe; empty if there is none."""
    if not spec.default_recipe:
        return ""
    try:
        recipe = find_recipe(catalog, Named("", spec.name, spec.default_recipe))
    except ZooError:
        return ""
    return str(recipe.tables.get("dataset", {}).get("name", ""))


def model_accepts(catalog: Catalog, run_config: RunConfig, signature: Signature) -> bool:
    """Whether the model of a run config accepts the inputs and gives the outputs of a signature."""
    return _accepts(_spec(catalog, ModelSpec, run_config, "model"), signature)


def _accepts(spec: ModelSpec, signature: Signature) -> bool:
    if signature.context and not spec.context:
        return False
    return signature.inputs.kind in spec.accepts and signature.outputs.per in spec.per


def _nearest_model(catalog: Catalog, spec: ModelSpec, signature: Signature) -> str:
    """Returns the model whose name is nearest, of those that accept a signature; empty if none."""
    import difflib

    names = [entry.spec.name for entry in catalog.of(ModelSpec) if _accepts(entry.spec, signature)]
    return next(iter(difflib.get_close_matches(spec.name, names, n=1, cutoff=0.0)), "")


def make_trainer(catalog: Catalog, run_config: RunConfig, signature: Signature) -> AbstractTrainer:
    """Builds the trainer of a run config.

    Raises:
        MisfitError: The trainer has no objective for such a signature.
    """
    spec = _spec(catalog, TrainerSpec, run_config, "trainer")
    if not _trains(spec, signature.outputs):
        raise MisfitError(_trainer_remedy(catalog, spec, run_config, signature))
    config = _config(spec, run_config, "trainer")
    trainer: AbstractTrainer = make(spec.factory, AbstractTrainer, config, signature)
    return trainer


def training_signature(
    catalog: Catalog, run_config: RunConfig, dataset: AbstractDataset
) -> Signature:
    """Returns the signature of a dataset, with the counts of its classes if the trainer needs them.

    Raises:
        DataError: There is not enough data for one batch.
    """
    signature = dataset.signature
    outputs = signature.outputs
    if not isinstance(outputs, Classes) or outputs.counts:
        return signature
    config: AbstractTrainerConfig = _config(
        _spec(catalog, TrainerSpec, run_config, "trainer"), run_config, "trainer"
    )
    if not config.needs_class_counts:
        return signature
    counts = count_classes(dataset, outputs.size, config.batch_size)
    return replace(signature, outputs=replace(outputs, counts=counts))


def find_trainer(catalog: Catalog, signature: Signature) -> str:
    """Returns the name of the installed trainer for a signature; that for the next symbol first.

    Raises:
        PluginError: There is none.
    """
    specs = [entry.spec for entry in catalog.of(TrainerSpec)]
    fitting = [spec for spec in specs if _trains(spec, signature.outputs)]
    if not fitting:
        noun = OUTPUT_NOUNS[signature.outputs.kind]
        raise PluginError(f"no installed trainer trains on {noun}: zoo plugins search trainer")
    return max(fitting, key=lambda spec: (spec.next_token, spec.name == SUPERVISED)).name


def _trains(spec: TrainerSpec, outputs: Outputs) -> bool:
    return outputs.kind in spec.outputs and (outputs.next_token or not spec.next_token)


def _trainer_remedy(
    catalog: Catalog, spec: TrainerSpec, run_config: RunConfig, signature: Signature
) -> str:
    """Returns what the data gives that the trainer does not train, and which trainers do."""
    expected = " or ".join(OUTPUT_NOUNS.get(kind, kind) for kind in spec.outputs)
    given = OUTPUT_NOUNS[signature.outputs.kind]
    if spec.next_token:
        expected = "the next symbol"
        given = f"other {given}" if signature.outputs.kind in spec.outputs else given
    message = f"{spec.name} trains on {expected}, but {run_config.dataset} has {given}"
    trainers = [entry.spec for entry in catalog.of(TrainerSpec)]
    others = [other.name for other in trainers if _trains(other, signature.outputs)]
    if not others:
        return f"{message}; no installed trainer does: zoo plugins search trainer"
    return f"{message}; use --trainer {' or '.join(others)}"


def useless_settings(
    catalog: Catalog, run_config: RunConfig, model: AbstractModel, dataset: AbstractDataset
) -> list[str]:
    """Returns a line for each chosen setting that has no effect, or makes the metrics meaningless.

    One that the recipe of the run sets, and not the user, has no line for having no effect.

    Args:
        catalog: The installed plugins.
        run_config: The run config.
        model: Its model.
        dataset: Its dataset.
    """
    lines = []
    given = _recipe_values(catalog, run_config)
    for section, kind in SPECS.items():
        config = _config(_spec(catalog, kind, run_config, section), run_config, section)
        lines += settings_without_effect(config, section, given.get(section, {}))
    of_recipe = given.get("trainer", {})
    trainer = {
        key: value
        for key, value in run_config.configs["trainer"].items()
        if key not in of_recipe or of_recipe[key] != value
    }
    patience = trainer.get("patience")
    if patience is not None and "validation" not in dataset.splits:
        lines.append(f"trainer.patience = {patience} has no effect without a validation split")
    kept = trainer.get("checkpoint_steps")
    if kept and not any(isinstance(module, Recurrent) for module in model.modules()):
        lines.append(f"trainer.checkpoint_steps = {kept} has no effect on {run_config.model}")
    signature = model.signature
    if signature.outputs.next_token and signature.outputs.per == "step" and not model.causal:
        line = f"{run_config.model} sees the symbols that it is to predict, so its metrics mislead"
        if run_config.configs["model"].get("bidirectional"):
            line += "; set --model.bidirectional false"
        lines.append(line)
    return lines


def _recipe_values(catalog: Catalog, run_config: RunConfig) -> Mapping[str, Mapping[str, Any]]:
    """Returns the settings that the recipe of a run gives, by section; none without a recipe."""
    if not run_config.recipe:
        return {}
    dataset, trainer = run_config.name("dataset"), run_config.name("trainer")
    try:
        return resolve_run(catalog, run_config.recipe, dataset=dataset, trainer=trainer).values
    except ZooError:  # the recipe of a checkpoint that was made elsewhere
        return {}


def _spec(catalog: Catalog, kind: type[Any], run_config: RunConfig, section: str) -> Any:
    try:
        return catalog.find(kind, run_config.name(section)).spec
    except NotFoundError as error:
        plugin = run_config.plugins[section]
        if plugin in {installed.distribution for installed in catalog.plugins}:
            raise
        remedy = catalog.how_to_get(plugin)
        name = getattr(run_config, section)
        raise PluginError(f"{section} {name!r} needs the plugin {plugin}: {remedy}") from error


def _config(
    spec: ModelSpec | DatasetSpec | TrainerSpec, run_config: RunConfig, section: str
) -> Any:
    cls, values = resolve(spec.config), run_config.configs[section]
    unknown = sorted(values.keys() - settings_of(cls).keys())
    if unknown:
        plugin = run_config.plugins[section]
        raise ConfigError(
            f"{section}.{unknown[0]}: the installed {plugin} has no such setting; a newer one "
            f"may have written it: zoo plugins install --upgrade {plugin}"
        )
    return build_config(cls, section, values)
