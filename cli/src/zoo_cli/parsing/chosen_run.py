"""The run that a command line chooses, for ``zoo train`` and ``zoo sweep``.

``find_settings`` reads the names of the model, dataset and trainer and keeps what they mean in
``ctx.meta``; ``chosen_run_config`` adds the settings and options that are typed.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from zoo_cli.parsing.setting_options import Sections
from zoo_cli.terminal.output import echo
from zoo_core.data.vocabulary import Unknown
from zoo_core.errors import MisfitError
from zoo_core.escaping import one_line
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.recipes.nearest import report_defaults
from zoo_core.recipes.resolve import ResolvedRun, resolve_run
from zoo_core.run_folder.run_config import SECTIONS, RunConfig

if TYPE_CHECKING:
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint

CATALOG, RESOLVED_RUN, SOURCE = "zoo.catalog", "zoo.resolved_run", "zoo.source"
"""Keys of ``ctx.meta``: the catalog, the resolved run, and the checkpoint of ``--from`` or None."""


def find_settings(ctx: click.Context, names: Mapping[str, str]) -> Sections:
    """Returns the settings of the model, dataset and trainer that the command line names.

    Raises:
        MisfitError: The checkpoint of ``--from`` holds another model.
    """
    if "model" not in names:
        return {}
    catalog: Catalog = ctx.meta.setdefault(CATALOG, load_catalog())
    source = _load(catalog, names["source"]) if "source" in names else None
    resolved = resolve_run(
        catalog,
        names["model"],
        dataset=names.get("dataset", ""),
        trainer=names.get("trainer", ""),
        file=Path(names["config"]).expanduser() if "config" in names else None,
        origin=source.run_config if source else None,
    )
    model = resolved.entries["model"].spec.name
    if source and source.run_config.model != model:
        raise MisfitError(f"{names['source']} holds a {source.run_config.model}, not a {model}")
    ctx.meta[RESOLVED_RUN], ctx.meta[SOURCE] = resolved, source
    return {section: resolved.settings(section) for section in SECTIONS}


def _load(catalog: Catalog, reference: str) -> Checkpoint:
    from zoo_core.runtime.locate import load_checkpoint

    return load_checkpoint(catalog, reference)


def chosen_run_config(
    ctx: click.Context,
    settings: Mapping[str, Mapping[str, object]],
    *,
    precision: str,
    unknown: str,
    **options: Any,
) -> RunConfig:
    """Returns the run config of a command line.

    Args:
        ctx: The context of the command, after ``find_settings``.
        settings: The typed settings by section and key.
        precision: The value of the option, whose default is that of the checkpoint of --from.
        unknown: The same.
        options: The other fields of the run config.

    Raises:
        ConfigError: A setting is not allowed.
    """
    resolved: ResolvedRun = ctx.meta[RESOLVED_RUN]
    origin: Checkpoint | None = ctx.meta[SOURCE]
    if origin:
        precision = precision if _is_typed(ctx, "precision") else origin.run_config.precision
        unknown = unknown if _is_typed(ctx, "unknown") else origin.run_config.unknown
    return resolved.run_config(
        settings, precision=precision, unknown=str(Unknown.parse(unknown)), **options
    )


def check_vocabulary_options(ctx: click.Context, extend_vocabulary: bool) -> None:
    """Checks that the options about new symbols have an effect.

    Raises:
        click.UsageError: There is no checkpoint to start from, or the options exclude each other.
    """
    has_policy = _is_typed(ctx, "unknown")
    if (extend_vocabulary or has_policy) and ctx.meta[SOURCE] is None:
        option = "--extend-vocabulary" if extend_vocabulary else "--unknown"
        raise click.UsageError(f"{option} needs --from: without it, every symbol is learned")
    if extend_vocabulary and has_policy:
        raise click.UsageError("--extend-vocabulary leaves no unknown symbols; drop --unknown")


def _is_typed(ctx: click.Context, option: str) -> bool:
    return ctx.get_parameter_source(option) is ParameterSource.COMMANDLINE


def report_choices(ctx: click.Context, run_config: RunConfig) -> None:
    """Prints in one line how the run differs from its checkpoint, or that it takes defaults."""
    origin: Checkpoint | None = ctx.meta[SOURCE]
    if origin is None:
        report_defaults(ctx.meta[CATALOG], ctx.meta[RESOLVED_RUN], run_config)
    elif changes := run_config.changes_since(origin.run_config):
        echo(one_line(f"changed from {run_config.source}: {'; '.join(changes)}"), err=True)
