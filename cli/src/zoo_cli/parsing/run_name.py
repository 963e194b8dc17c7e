"""The option ``--name`` of a run."""

from __future__ import annotations

from typing import Any, final

import click

from zoo_core.errors import ConfigError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.specs import ModelSpec
from zoo_core.run_folder.local_runs import RUN_NAME


@final
class RunName(click.ParamType):  # type: ignore[type-arg]  # generic from click 8.5 on only
    """A name for a run that means nothing else, so that it is a reference everywhere."""

    name = "name"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        """Returns the name; raises click's usage error if it cannot be that of a run."""
        text = str(value)
        if not RUN_NAME.fullmatch(text):
            expected = "up to 100 letters, digits, hyphens, dots and underscores"
            places = "first no hyphen or dot, last no dot, and no device of Windows such as nul"
            self.fail(f"{text!r:.120}: expected {expected}, {places}", param, ctx)
        if what := _meaning(load_catalog(), text):
            self.fail(f"{text!r} names a {what}: choose another name", param, ctx)
        return text


def _meaning(catalog: Catalog, name: str) -> str:
    """Returns what a name means already; empty if it is free."""
    from zoo_core.plugins.recipe_files import recipe_files
    from zoo_core.registry.checkpoints import load_registry

    if catalog.named(ModelSpec, name):
        return "model"
    if any(file.name == name for file in recipe_files(catalog)):
        return "recipe"
    try:
        registered = load_registry(catalog.registries, skip_broken=True)
    except ConfigError:
        registered = {}
    return "pretrained checkpoint" if name in registered else ""
