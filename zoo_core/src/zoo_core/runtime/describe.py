"""What is known of a model, recipe, dataset, trainer or checkpoint: what ``zoo show`` shows."""

from __future__ import annotations

from dataclasses import MISSING
from typing import TYPE_CHECKING, Any

from zoo_cli.terminal.output import remark
from zoo_core.configs.settings import Setting, settings_of
from zoo_core.errors import ConfigError, NotFoundError, ZooError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec, ModelSpec, TrainerSpec
from zoo_core.references import Folder, HubRepo, Named, parse_reference

if TYPE_CHECKING:
    from zoo_core.registry.file import Pretrained


def facts_of(catalog: Catalog, reference: str) -> dict[str, Any]:
    """By name, in the order in which a person wants them.

    Raises:
        NotFoundError: There is nothing of that name.
    """
    parsed = parse_reference(reference)
    if isinstance(parsed, HubRepo):
        return _remote(parsed)
    if isinstance(parsed, Folder):
        return _checkpoint(catalog, reference)
    if parsed.tag:
        return _tagged(catalog, parsed)
    try:
        return _model(catalog, parsed)
    except NotFoundError as unknown:
        for kind in (DatasetSpec, TrainerSpec):
            names = {entry.spec.name for entry in catalog.of(kind)}
            if parsed.name in names:
                return _part(catalog, kind, parsed.model)
        raise unknown


def _model(catalog: Catalog, named: Named) -> dict[str, Any]:
    from zoo_core.plugins.recipe_files import recipe_files

    entry = catalog.find(ModelSpec, named.model)
    spec = entry.spec
    start, registered = f"{spec.name}.", _registered(catalog)
    return (
        _part(catalog, ModelSpec, named.model)
        | {
            "takes": f"{' or '.join(spec.accepts)}, a label per {' or '.join(spec.per)}",
            "recipes": [file.name for file in recipe_files(catalog) if file.name.startswith(start)],
            "checkpoints": [name for name in registered if name.startswith(start)],
            "default recipe": f"{start}{spec.default_recipe}" if spec.default_recipe else "",
        }
        | _size(catalog, named)
    )


def _registered(catalog: Catalog) -> dict[str, Pretrained]:
    """The pretrained checkpoints; a registry that is broken hides them and nothing else."""
    from zoo_core.registry.checkpoints import load_registry

    try:
        return load_registry(catalog.registries, remark)
    except ConfigError as error:
        remark(f"no checkpoints: {error}")
        return {}


def _part(catalog: Catalog, kind: Any, reference: str) -> dict[str, Any]:
    entry = catalog.find(kind, reference)
    spec = entry.spec
    return {
        "name": spec.name,
        "summary": spec.summary,
        "plugin": entry.plugin.name,
        "version": entry.plugin.version,
        "source": getattr(spec, "source", ""),
        "tags": list(spec.tags),
        "settings": [_setting(each) for each in settings_of(resolve(spec.config)).values()],
    }


def _tagged(catalog: Catalog, named: Named) -> dict[str, Any]:
    """A recipe, or a pretrained checkpoint that none of the recipes made."""
    try:
        return _recipe(catalog, named)
    except NotFoundError:
        entry = _registered(catalog).get(named.full_name)
        if entry is None:
            raise
    return _pretrained(entry)


def _recipe(catalog: Catalog, named: Named) -> dict[str, Any]:
    from zoo_core.recipes.recipe import find_recipe
    from zoo_core.recipes.resolve import resolve_run

    recipe = find_recipe(catalog, named)
    run_config = resolve_run(catalog, named.full_name).run_config()
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
    } | _size(catalog, named)


def _pretrained(entry: Pretrained) -> dict[str, Any]:
    """A registry's entry; nothing is downloaded for that."""
    return {
        "name": entry.name,
        "summary": entry.summary,
        "source": entry.source,
        "revision": entry.revision,
        "license": entry.license,
        "reached": entry.metrics,
        "files": {file: f"{record.size:,} bytes" for file, record in entry.files.items()},
    }


def _checkpoint(catalog: Catalog, reference: str) -> dict[str, Any]:
    from zoo_core.runtime.locate import load

    checkpoint = load(catalog, reference)
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
        "parameters": sum(each.numel() for each in checkpoint.weights.values()),
        "configs": run_config.configs,
    }


def _remote(repo: HubRepo) -> dict[str, Any]:
    """A repo's manifest, without its weights."""
    from zoo_core.runtime.hub.pull import pull_manifest

    commit, manifest, said = pull_manifest(repo.repo, repo.revision)
    if said:
        remark(said)
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


def _size(catalog: Catalog, named: Named) -> dict[str, Any]:
    """The parameters of a model as its recipe makes it; nothing is downloaded for that."""
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
    count = sum(each.numel() for each in model.parameters())
    example = {} if known else {"vocabulary": "an example's: the data is not at hand"}
    backend = backend_of(model)
    recipe = {"counted for": run_config.recipe} if run_config.recipe and not named.tag else {}
    counted = {"parameters": count} | recipe | example
    return counted | {"backend": backend.name, "backend note": backend.why}


def _setting(setting: Setting) -> dict[str, Any]:
    default = setting.default
    return {
        "key": setting.key,
        "default": "must be given" if default is MISSING else default,
        "unit": setting.info.unit,
        "meaning": setting.info.help,
        "expected": setting.expected(),
    }
