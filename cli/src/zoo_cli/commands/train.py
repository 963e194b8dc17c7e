"""``zoo train``."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from zoo_cli.parsing.completion_items import complete_dataset, complete_reference, complete_trainer
from zoo_cli.parsing.duration import Duration
from zoo_cli.parsing.folder import FolderPath
from zoo_cli.parsing.precision import precision_option
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.setting_options import Sections, SettingsCommand
from zoo_cli.terminal.output import json_option
from zoo_core.errors import MisfitError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.recipes.recipe import recipe_text
from zoo_core.recipes.resolve import ResolvedRun, resolve_run
from zoo_core.run_folder.run_config import SECTIONS

if TYPE_CHECKING:
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint

CATALOG, DRAFT, SOURCE = "zoo.catalog", "zoo.draft", "zoo.source"


def prepare(ctx: click.Context, given: Mapping[str, str]) -> Sections:
    """The settings of the model, dataset and trainer that the line names."""
    if "model" not in given:
        return {}
    catalog: Catalog = ctx.meta.setdefault(CATALOG, load_catalog())
    source = _source(catalog, given["source"]) if "source" in given else None
    chosen = resolve_run(
        catalog,
        given["model"],
        dataset=given.get("dataset", ""),
        trainer=given.get("trainer", ""),
        file=Path(given["config"]).expanduser() if "config" in given else None,
        model_values=source.run_config.configs["model"] if source else None,
    )
    model = chosen.entries["model"].spec.name
    if source and source.run_config.model != model:
        raise MisfitError(f"{given['source']} holds a {source.run_config.model}, not a {model}")
    ctx.meta[DRAFT], ctx.meta[SOURCE] = chosen, source
    return {section: chosen.settings(section) for section in SECTIONS}


@click.command(cls=SettingsCommand, prepare=prepare, about="a model")
@click.argument("model", metavar="MODEL[.RECIPE]", shell_complete=complete_reference)
@click.option("--from", "source", metavar="CHECKPOINT", help="Start from another run's weights.")
@click.option("--dataset", metavar="NAME", shell_complete=complete_dataset, help="The dataset.")
@click.option("--trainer", metavar="NAME", shell_complete=complete_trainer, help="The trainer.")
@click.option("--config", metavar="FILE.toml", help="Settings, in the form of a recipe.")
@click.option("--print-config", is_flag=True, help="Print all settings as TOML; do not train.")
@click.option(
    "--seed", metavar="N", type=click.IntRange(0, 2**32 - 1), help="Seed of everything random."
)
@click.option("--device", default="auto", show_default=True, help="auto, cpu, cuda or mps.")
@click.option(
    "--threads",
    metavar="N",
    type=click.IntRange(1, 4096),
    help="Threads of torch.  [default: its own choice; 1 for a tiny model]",
)
@click.option(
    "--backend",
    default="auto",
    show_default=True,
    help="What runs the recurrence: auto, native, portable, torch or reference.",
)
@precision_option
@click.option("--out", metavar="DIR", type=FolderPath(), help="Checkpoint folder.")
@click.option("--overwrite", is_flag=True, help="Replace a checkpoint in that folder.")
@click.option("--budget", type=Duration(), help="Stop after this long, such as 60s or 2m.")
@registry_option
@json_option
@click.pass_context
def train(
    ctx: click.Context,
    /,
    settings: dict[str, dict[str, object]],
    seed: int | None,
    threads: int | None,
    budget: float | None,
    out: Path | None,
    source: str | None,
    print_config: bool,
    overwrite: bool,
    as_json: bool,
    device: str,
    backend: str,
    precision: str,
    **names: str | None,
) -> None:
    """Train a model into a checkpoint folder.

    MODEL alone means its default recipe. A flag beats --config, which beats the recipe, which
    beats the defaults. Name a model before --help to see its settings.
    """
    chosen: ResolvedRun = ctx.meta[DRAFT]
    if print_config:
        click.echo(recipe_text(chosen.run_config(settings, seed=seed)), nl=False)
        return
    run_config = chosen.run_config(
        settings,
        seed=seed,
        threads=threads or 0,
        budget=budget or 0.0,
        device=device,
        backend=backend,
        precision=precision,
        source=source or "",
    )
    from zoo_cli.terminal.run_view import carry_out, default_folder
    from zoo_cli.terminal.signals import Patience
    from zoo_core.run_folder.lock import lock_run_folder
    from zoo_core.runtime.checkpoints.checkpoint import check_no_checkpoint, make_room
    from zoo_core.runtime.run import Run

    folder = out or default_folder(run_config.recipe or f"{run_config.model}.{run_config.dataset}")
    origin: Checkpoint | None = ctx.meta[SOURCE]
    with Patience() as patience, lock_run_folder(folder):
        if not overwrite:
            check_no_checkpoint(folder, "choose another, or --overwrite")
        run = Run(
            ctx.meta[CATALOG],
            run_config,
            folder,
            vocabulary=origin.signature.vocabulary if origin else None,
            weights=origin.weights if origin else None,
        )
        if overwrite:
            make_room(folder)
        carry_out(run, ctx.meta[CATALOG], patience=patience, as_json=as_json)


def _source(catalog: Catalog, reference: str) -> Checkpoint:
    from zoo_core.runtime.locate import load

    return load(catalog, reference)
