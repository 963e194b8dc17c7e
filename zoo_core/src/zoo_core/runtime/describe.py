"""Descriptions of models, recipes, datasets, trainers and checkpoints, as ``zoo show`` prints."""

from __future__ import annotations

import logging
from dataclasses import MISSING
from typing import TYPE_CHECKING, Any

from zoo_core.configs.settings import Setting, settings_of
from zoo_core.errors import ConfigError, NotFoundError, ZooError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec, ModelSpec, TrainerSpec
from zoo_core.references import Folder, HubRepo, Named, parse_reference
from zoo_core.run_folder.local_runs import find_run_or_named

if TYPE_CHECKING:
    from zoo_core.registry.file import Pretrained

logger = logging.getLogger(__name__)


def describe(catalog: Catalog, reference: str) -> dict[str, Any]:
    """Describes what a reference names; nothing is downloaded but the manifest of a Hub repo.

    Returns:
        Values that JSON can hold, by name, in the order in which to print them.

    Raises:
        NotFoundError: The reference names nothing.
    """
    return find_run_or_named(
        reference,
        (entry.spec.name for entry in catalog.of(ModelSpec)),
        lambda folder: _describe_checkpoint(catalog, reference),
        lambda: _describe_named(catalog, reference),
    )


def describe_checkpoints(catalog: Catalog, start: str) -> list[dict[str, Any]]:
    """Describes the pretrained checkpoints whose names begin with a text.

    ``size`` is in bytes, ``seconds`` are those of the training. ``recipe`` is the recipe of the
    same name, which made the checkpoint; it is empty if there is none.
    """
    from zoo_core.plugins.recipe_files import recipe_files

    recipes = {file.name for file in recipe_files(catalog)}
    return [
        {
            "name": entry.name,
            "recipe": entry.name if entry.name in recipes else "",
            "metrics": entry.metrics,
            "parameters": entry.parameters,
            "size": entry.size,
            "seconds": entry.seconds,
            "license": entry.license,
            "source": entry.source,
            "revision": entry.revision,
        }
        for entry in _registered(catalog).values()
        if entry.name.startswith(start)
    ]


def _describe_named(catalog: Catalog, reference: str) -> dict[str, Any]:
    parsed = parse_reference(reference)
    if isinstance(parsed, HubRepo):
        return _describe_repo(parsed)
    if isinstance(parsed, Folder):
        return _describe_checkpoint(catalog, reference)
    if parsed.tag:
        return _describe_tag(catalog, parsed)
    try:
        return _describe_model(catalog, parsed)
    except NotFoundError as error:
        for kind in (DatasetSpec, TrainerSpec):
            names = {entry.spec.name for entry in catalog.of(kind)}
            if parsed.name in names:
                return _describe_spec(catalog, kind, parsed.model)
        raise error


def _describe_model(catalog: Catalog, named: Named) -> dict[str, Any]:
    from zoo_core.plugins.recipe_files import recipe_files

    spec = catalog.find(ModelSpec, named.model).spec
    start = f"{spec.name}."
    description = _describe_spec(catalog, ModelSpec, named.model)
    if spec.default_recipe:
        description["settings"] = _default_settings(catalog, named)
    return (
        description
        | {
            "takes": f"{' or '.join(spec.accepts)}, a label per {' or '.join(spec.per)}",
            "recipes": [file.name for file in recipe_files(catalog) if file.name.startswith(start)],
            "checkpoints": describe_checkpoints(catalog, start),
            "default recipe": f"{start}{spec.default_recipe}" if spec.default_recipe else "",
        }
        | _describe_size(catalog, named)
    )


def _default_settings(catalog: Catalog, named: Named) -> list[dict[str, Any]]:
    """Describes the settings of a model as ``zoo train MODEL`` has them: of its default recipe."""
    from zoo_core.recipes.resolve import resolve_run

    settings = resolve_run(catalog, named.full_name).settings("model")
    return [_describe_setting(setting) for setting in settings]


def _registered(catalog: Catalog) -> dict[str, Pretrained]:
    """Returns the pretrained checkpoints; none, with a warning, if the registry is broken."""
    from zoo_core.registry.checkpoints import load_registry

    try:
        return load_registry(catalog.registries, skip_broken=True)
    except ConfigError as error:
        logger.warning("no checkpoints: %s", error)
        return {}


def _describe_spec(catalog: Catalog, kind: Any, reference: str) -> dict[str, Any]:
    entry = catalog.find(kind, reference)
    spec = entry.spec
    return {
        "name": spec.name,
        "summary": spec.summary,
        "plugin": entry.plugin.name,
        "version": entry.plugin.version,
        "source": getattr(spec, "source", ""),
        "tags": list(spec.tags),
        "settings": [
            _describe_setting(setting) for setting in settings_of(resolve(spec.config)).values()
        ],
    }


def _describe_tag(catalog: Catalog, named: Named) -> dict[str, Any]:
    """Describes a recipe, or a pretrained checkpoint that no recipe made."""
    try:
        return _describe_recipe(catalog, named)
    except NotFoundError:
        entry = _registered(catalog).get(named.full_name)
        if entry is None:
            raise
    return _describe_entry(entry)


def _describe_recipe(catalog: Catalog, named: Named) -> dict[str, Any]:
    from zoo_core.recipes.recipe import find_recipe
    from zoo_core.recipes.resolve import resolve_run

    recipe = find_recipe(catalog, named)
    run_config = resolve_run(catalog, named.full_name).run_config()
    checkpoints = describe_checkpoints(catalog, recipe.name)
    return {
        "name": recipe.name,
        "summary": recipe.summary,
        "plugin": recipe.plugin.name,
        "version": recipe.plugin.version,
        "note": recipe.tables.get("note", ""),
        "published": recipe.published.to_json() if recipe.published else None,
        "seconds": recipe.seconds,
        "dataset": run_config.dataset,
        "trainer": run_config.trainer,
        "seed": run_config.seed,
        "configs": run_config.configs,
        "checkpoints": [row for row in checkpoints if row["name"] == recipe.name],
    } | _describe_size(catalog, named)


def _describe_entry(entry: Pretrained) -> dict[str, Any]:
    return {
        "name": entry.name,
        "summary": entry.summary,
        "source": entry.source,
        "revision": entry.revision,
        "license": entry.license,
        "reached": entry.metrics,
        "parameters": entry.parameters,
        "seconds": entry.seconds,
        "files": {file: f"{record.size:,} bytes" for file, record in entry.files.items()},
    }


def _describe_checkpoint(catalog: Catalog, reference: str) -> dict[str, Any]:
    from zoo_core.runtime.locate import load_checkpoint

    checkpoint = load_checkpoint(catalog, reference)
    run_config = checkpoint.run_config
    return {
        "name": run_config.recipe or run_config.model,
        "folder": str(checkpoint.folder),
        "state": "finished" if checkpoint.finished else "unfinished",
        "model": run_config.model,
        "dataset": run_config.dataset,
        "trainer": run_config.trainer,
        "seed": run_config.seed,
        "metrics": checkpoint.metrics,
        "parameters": sum(tensor.numel() for tensor in checkpoint.weights.values()),
        "configs": run_config.configs,
    }


def _describe_repo(repo: HubRepo) -> dict[str, Any]:
    """Describes the checkpoint of a Hub repo by its manifest, without its weights."""
    from zoo_core.runtime.hub.pull import pull_manifest

    commit, manifest = pull_manifest(repo.repo, repo.revision)
    run_config = manifest.run_config
    return {
        "name": run_config.recipe or run_config.model,
        "repo": commit.repo,
        "revision": commit.sha,
        "state": manifest.status,
        "model": run_config.model,
        "dataset": run_config.dataset,
        "trainer": run_config.trainer,
        "seed": run_config.seed,
        "metrics": manifest.metrics,
        "bytes of weights": f"{manifest.weights.size:,}",
        "configs": run_config.configs,
    }


def _describe_size(catalog: Catalog, named: Named) -> dict[str, Any]:
    """Counts the parameters of a model with the settings of its recipe, and names its kernel."""
    from zoo_core.recipes.resolve import resolve_run
    from zoo_core.runtime.building.build import make_model
    from zoo_core.runtime.building.kernel_choice import backend_of
    from zoo_core.runtime.shapes.shapes import available_signature

    try:
        run_config = resolve_run(catalog, named.full_name).run_config()
        signature, known = available_signature(catalog, run_config)
        model = make_model(catalog, run_config, signature)
    except ZooError:
        return {}
    size: dict[str, Any] = {"parameters": sum(tensor.numel() for tensor in model.parameters())}
    if run_config.recipe and not named.tag:
        size["counted for"] = run_config.recipe
    if not known:
        size["vocabulary"] = "an example's: the data is not available"
    batch_size = run_config.configs["trainer"].get("batch_size", 1)
    backend = backend_of(model, batch_size)
    return size | {"backend": backend.name, "backend note": backend.why}


def _describe_setting(setting: Setting) -> dict[str, Any]:
    default = setting.default
    return {
        "key": setting.key,
        "default": "must be given" if default is MISSING else default,
        "unit": setting.info.unit,
        "meaning": setting.info.help,
        "wanted": setting.expected(),  # the key that readers of the JSON know
    }
