"""Shell completion of names."""

from __future__ import annotations

from collections.abc import Callable

import click
from click.shell_completion import CompletionItem

from zoo_core.plugins.catalog import load_catalog
from zoo_core.plugins.specs import (
    AbstractSpec,
    DatasetSpec,
    EngineSpec,
    ExporterSpec,
    KernelSpec,
    LoggerSpec,
    ModelSpec,
    TrainerSpec,
)
from zoo_core.run_folder.local_runs import run_names

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def _complete_names(kind: type[AbstractSpec]) -> Complete:
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


def complete_words(*words: str) -> Complete:
    """Returns a function that completes one of some words."""

    def complete(
        ctx: click.Context, param: click.Parameter, incomplete: str
    ) -> list[CompletionItem]:
        return [CompletionItem(word) for word in words if word.startswith(incomplete)]

    return complete


def complete_file(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Completes files."""
    return [CompletionItem(incomplete, type="file")]


def complete_run(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Completes the names of local runs."""
    return [
        CompletionItem(name, help="A local run.")
        for name in run_names()
        if name.startswith(incomplete)
    ]


def complete_plugin(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Completes the names of installed plugins."""
    names = (plugin.name for plugin in load_catalog().plugins)
    return [CompletionItem(name) for name in names if name.startswith(incomplete)]


def complete_backend(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Completes the backends of the core, and those of plugins."""
    own = complete_words("auto", "portable", "torch", "reference")(ctx, param, incomplete)
    return own + _complete_names(KernelSpec)(ctx, param, incomplete)


def complete_reference(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Completes folders if the word has a slash; otherwise models, recipes with a dot, and runs."""
    if "/" in incomplete:
        return [CompletionItem(incomplete, type="dir")]
    return complete_recipe(ctx, param, incomplete) + complete_run(ctx, param, incomplete)


def complete_recipe(
    ctx: click.Context, param: click.Parameter, incomplete: str
) -> list[CompletionItem]:
    """Completes models, and recipes if the word has a dot."""
    if "." not in incomplete:
        return complete_model(ctx, param, incomplete)
    from zoo_cli.terminal.messages import hide_messages
    from zoo_core.recipes.recipe import list_recipes

    with hide_messages():
        recipes = list_recipes(load_catalog(), skip_broken=True)
    return [
        CompletionItem(recipe.name, help=recipe.summary)
        for recipe in recipes
        if recipe.name.startswith(incomplete)
    ]


complete_model = _complete_names(ModelSpec)
complete_dataset = _complete_names(DatasetSpec)
complete_logger = _complete_names(LoggerSpec)
complete_trainer = _complete_names(TrainerSpec)
complete_exporter = _complete_names(ExporterSpec)
complete_engine = _complete_names(EngineSpec)
complete_device = complete_words("auto", "cpu", "cuda", "mps")
complete_split = complete_words("train", "validation", "test")
