"""``zoo evaluate``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import click

from zoo_cli.parsing.completion_items import complete_dataset, complete_reference
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.parsing.setting_options import Sections, SettingsCommand
from zoo_cli.parsing.unknown_option import unknown_option
from zoo_cli.terminal.output import format_metrics, json_option, print_json

if TYPE_CHECKING:
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint

CHECKPOINT = "zoo.checkpoint"


def find_settings(ctx: click.Context, names: Mapping[str, str]) -> Sections:
    """Returns the settings of the dataset to evaluate on.

    Their defaults are the checkpoint's own, or those of the dataset that ``--dataset`` names.
    """
    if "reference" not in names:
        return {}
    from zoo_cli.terminal.checkpoint import load_checkpoint
    from zoo_core.configs.settings import settings_of
    from zoo_core.plugins.import_strings import resolve
    from zoo_core.plugins.specs import DatasetSpec

    checkpoint = load_checkpoint(names["reference"])
    run_config, chosen = checkpoint.run_config, names.get("dataset", "")
    entry = checkpoint.catalog.find(DatasetSpec, chosen or run_config.name("dataset"))
    values = run_config.configs["dataset"] if entry.spec.name == run_config.dataset else {}
    plugins = run_config.plugins | {"dataset": entry.plugin.name}
    configs = run_config.configs | {"dataset": values}
    judged = replace(run_config, dataset=entry.spec.name, plugins=plugins, configs=configs)
    ctx.meta[CHECKPOINT] = replace(checkpoint, run_config=judged)
    every = settings_of(resolve(entry.spec.config)).values()
    return {
        "dataset": [each._replace(default=values.get(each.key, each.default)) for each in every]
    }


@click.command(cls=SettingsCommand, find_settings=find_settings, named="a checkpoint")
@click.argument("reference", shell_complete=complete_reference)
@click.option(
    "--dataset",
    metavar="NAME",
    shell_complete=complete_dataset,
    help="Dataset to evaluate on.  [default: the checkpoint's own]",
)
@unknown_option
@click.option(
    "--split",
    metavar="NAME",
    help="Split to evaluate on: train, validation or test.  [default: all held-out splits]",
)
@registry_option
@json_option
@click.pass_context
def evaluate(
    ctx: click.Context,
    settings: dict[str, dict[str, object]],
    reference: str,
    dataset: str | None,
    split: str | None,
    unknown: str,
    as_json: bool,
) -> None:
    """Measure the metrics of a checkpoint on its own data or on another dataset."""
    from zoo_core.data.vocabulary import Unknown
    from zoo_core.errors import NotFoundError
    from zoo_core.runtime.training.evaluation import check_fit
    from zoo_core.runtime.training.evaluation import evaluate as judge

    checkpoint: Checkpoint = ctx.meta[CHECKPOINT]
    run_config = checkpoint.run_config
    configs = run_config.configs | {"dataset": run_config.configs["dataset"] | settings["dataset"]}
    checkpoint = replace(checkpoint, run_config=replace(run_config, configs=configs))
    if vocabulary := checkpoint.signature.vocabulary:
        lenient = replace(vocabulary, policy=Unknown.parse(unknown))
        signature = replace(checkpoint.signature, vocabulary=lenient)
        checkpoint = replace(checkpoint, signature=signature)
    check_fit(checkpoint)
    data = checkpoint.dataset
    if split and split not in data.splits:
        raise NotFoundError(
            f"no split {split!r}; {run_config.dataset} has {', '.join(data.splits)}"
        )
    own = not dataset and not settings["dataset"]
    if own and data.fingerprint != checkpoint.fingerprint:
        click.echo(f"{run_config.dataset} has changed since this checkpoint was trained", err=True)
    held_out = [each for each in data.splits if each != "train"] or ["train"]
    model, trainer = checkpoint.model, checkpoint.trainer
    metrics = {each: judge(model, data, trainer, each) for each in ([split] if split else held_out)}
    if as_json:
        print_json(metrics)
        return
    for each, named in metrics.items():
        click.echo(f"{each}: {format_metrics(named)}")
