"""``zoo show``."""

from __future__ import annotations

from dataclasses import MISSING
from typing import Any

import click
from zoo_core.catalog import Catalog, load_catalog
from zoo_core.errors import ConfigError, NotFoundError, ZooError
from zoo_core.imports import resolve
from zoo_core.references import Folder, HubRepo, Named, parse_reference
from zoo_core.settings import Setting, as_typed, settings_of
from zoo_core.specs import DatasetSpec, ModelSpec, TrainerSpec

from zoo_cli.choosing import registry_option
from zoo_cli.completing import complete_reference
from zoo_cli.output import in_words, json_option, print_json, remark


@click.command()
@click.argument("reference", shell_complete=complete_reference)
@click.option("--shapes", is_flag=True, help="The shape of every tensor of one batch instead.")
@click.option("--batch-size", metavar="N", type=click.IntRange(1, 256), help="B of that batch [2].")
@click.option("--steps", metavar="N", type=click.IntRange(1, 1024), help="T of that batch.")
@registry_option
@json_option
def show(
    reference: str, shapes: bool, batch_size: int | None, steps: int | None, as_json: bool
) -> None:
    """Show what a model, recipe, dataset, trainer or checkpoint is: every setting, every figure."""
    if shapes:
        from zoo_cli.shapes import show_shapes

        catalog = load_catalog()
        batch = batch_size or 2
        show_shapes(catalog, reference, batch_size=batch, steps=steps, as_json=as_json)
        return
    if batch_size or steps:
        raise click.UsageError("--batch-size and --steps go with --shapes")
    facts = _facts(load_catalog(), reference)
    if as_json:
        print_json(facts)
    else:
        _print(facts)


def _facts(catalog: Catalog, reference: str) -> dict[str, Any]:
    parsed = parse_reference(reference)
    if isinstance(parsed, HubRepo):
        return _remote(parsed)
    if isinstance(parsed, Folder):
        return _checkpoint(catalog, reference)
    if parsed.tag:
        return _recipe(catalog, parsed)
    try:
        return _model(catalog, parsed)
    except NotFoundError as unknown:
        for kind in (DatasetSpec, TrainerSpec):
            names = {offer.spec.name for offer in catalog.of(kind)}
            if parsed.name in names:
                return _part(catalog, kind, parsed.model)
        raise unknown


def _model(catalog: Catalog, named: Named) -> dict[str, Any]:
    from zoo_core.recipes import recipe_names

    offer = catalog.find(ModelSpec, named.model)
    spec = offer.spec
    start, registered = f"{spec.name}.", _registered(catalog)
    return (
        _part(catalog, ModelSpec, named.model)
        | {
            "takes": f"{' or '.join(spec.accepts)}, a label per {' or '.join(spec.per)}",
            "recipes": sorted(name for _, name in recipe_names(catalog) if name.startswith(start)),
            "checkpoints": [name for name in registered if name.startswith(start)],
            "default recipe": f"{start}{spec.default_recipe}" if spec.default_recipe else "",
        }
        | _size(catalog, named)
    )


def _registered(catalog: Catalog) -> list[str]:
    """The pretrained checkpoints; a registry that is broken hides them and nothing else."""
    from zoo_core.registry import load_registry

    try:
        return list(load_registry(catalog, remark))
    except ConfigError as error:
        click.echo(f"no checkpoints: {error}", err=True)
        return []


def _part(catalog: Catalog, kind: Any, reference: str) -> dict[str, Any]:
    offer = catalog.find(kind, reference)
    spec = offer.spec
    return {
        "name": spec.name,
        "summary": spec.summary,
        "plugin": offer.plugin.name,
        "version": offer.plugin.version,
        "source": getattr(spec, "source", ""),
        "tags": list(spec.tags),
        "settings": [_setting(each) for each in settings_of(resolve(spec.config)).values()],
    }


def _recipe(catalog: Catalog, named: Named) -> dict[str, Any]:
    from zoo_core.draft import draft
    from zoo_core.recipes import find_recipe

    recipe = find_recipe(catalog, named)
    plan = draft(catalog, named.full_name).plan()
    return {
        "name": recipe.name,
        "summary": recipe.summary,
        "plugin": recipe.plugin.name,
        "version": recipe.plugin.version,
        "note": recipe.tables.get("note", ""),
        "published": recipe.published.to_json() if recipe.published else None,
        "seconds": recipe.seconds,
        "dataset": plan.dataset,
        "trainer": plan.trainer,
        "seed": plan.seed,
        "configs": plan.configs,
    } | _size(catalog, named)


def _checkpoint(catalog: Catalog, reference: str) -> dict[str, Any]:
    from zoo_core.runtime.locate import load

    checkpoint = load(catalog, reference)
    plan = checkpoint.plan
    return {
        "name": plan.recipe or plan.model,
        "folder": str(checkpoint.folder),
        "state": "finished" if checkpoint.finished else "unfinished",
        "model": plan.model,
        "dataset": plan.dataset,
        "trainer": plan.trainer,
        "seed": plan.seed,
        "metrics": checkpoint.metrics,
        "parameters": sum(each.numel() for each in checkpoint.weights.values()),
        "configs": plan.configs,
    }


def _remote(repo: HubRepo) -> dict[str, Any]:
    """A repo's manifest, without its weights."""
    from zoo_core.runtime.pull import pull_manifest

    commit, manifest, said = pull_manifest(repo.repo, repo.revision)
    if said:
        remark(said)
    plan = manifest.plan
    return {
        "name": plan.recipe or plan.model,
        "repo": commit.repo,
        "revision": commit.sha,
        "state": manifest.status,
        "model": plan.model,
        "dataset": plan.dataset,
        "trainer": plan.trainer,
        "seed": plan.seed,
        "metrics": manifest.metrics,
        "bytes of weights": f"{manifest.weights.size:,}",
        "configs": plan.configs,
    }


def _size(catalog: Catalog, named: Named) -> dict[str, Any]:
    """The parameters of a model as its recipe makes it; nothing is downloaded for that."""
    from zoo_core.draft import draft
    from zoo_core.runtime.backends import backend_of
    from zoo_core.runtime.build import make_model
    from zoo_core.runtime.shapes import signature_at_hand

    try:
        plan = draft(catalog, named.full_name).plan()
        signature, known = signature_at_hand(catalog, plan)
        model = make_model(catalog, plan, signature)
    except ZooError:
        return {}
    count = sum(each.numel() for each in model.parameters())
    example = {} if known else {"vocabulary": "an example's: the data is not at hand"}
    backend = backend_of(model)
    recipe = {"counted for": plan.recipe} if plan.recipe and not named.tag else {}
    counted = {"parameters": count} | recipe | example
    return counted | {"backend": backend.name, "backend note": backend.why}


def _setting(setting: Setting) -> dict[str, Any]:
    default = setting.default
    return {
        "key": setting.key,
        "default": "must be given" if default is MISSING else default,
        "unit": setting.notes.unit,
        "meaning": setting.notes.help,
        "wanted": setting.wanted(),
    }


def _print(facts: dict[str, Any]) -> None:
    for key, value in facts.items():
        if key == "settings":
            click.echo("settings:")
            for each in value:
                unit = f" {each['unit']}" if each["unit"] else ""
                click.echo(f"  {each['key']} = {as_typed(each['default'])}{unit}")
                click.echo(f"      {each['meaning']} [{each['wanted']}]")
        elif key == "metrics":
            for split, named in value.items():
                click.echo(f"{split}: {in_words(named)}")
        elif key == "configs":
            for section, values in value.items():
                listed = ", ".join(f"{name} = {each}" for name, each in values.items())
                click.echo(f"{section}: {listed}")
        elif isinstance(value, dict):
            click.echo(f"{key}: {', '.join(f'{k} {v}' for k, v in value.items())}")
        elif isinstance(value, list):
            click.echo(f"{key}: {', '.join(value)}")
        elif isinstance(value, int) and key == "parameters":
            click.echo(f"{key}: {value:,}")
        elif value not in ("", None):
            click.echo(f"{key}: {value}")
