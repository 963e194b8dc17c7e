"""What a shell may complete."""

from __future__ import annotations

from collections.abc import Callable

import click
from click.shell_completion import CompletionItem

from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.specs import AbstractSpec, DatasetSpec, ModelSpec, TrainerSpec

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _names(kind: type[AbstractSpec]) -> Complete:
    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        specs = [entry.spec for entry in load_catalog().of(kind)]
        return [
            CompletionItem(spec.name, help=spec.summary)
            for spec in specs
            if spec.name.startswith(incomplete)
        ]

    return complete


def complete_reference(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Models, and recipes once there is a dot; folders once there is a slash."""
    if "/" in incomplete:
        return [CompletionItem(incomplete, type="dir")]
    if "." not in incomplete:
        return complete_model(ctx, param, incomplete)
    from zoo_core.recipes.recipe import list_recipes

    recipes = list_recipes(load_catalog(), lambda remark: None)  # nowhere to tell it
    return [
        CompletionItem(recipe.name, help=recipe.summary)
        for recipe in recipes
        if recipe.name.startswith(incomplete)
    ]


complete_model = _names(ModelSpec)
complete_dataset = _names(DatasetSpec)
complete_trainer = _names(TrainerSpec)
