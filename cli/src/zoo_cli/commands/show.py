"""``zoo show``."""

from __future__ import annotations

from typing import Any

import click

from zoo_cli.parsing.completion_items import complete_reference
from zoo_cli.parsing.ranges import IntegerRange
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.checkpoint_table import print_checkpoints
from zoo_cli.terminal.output import echo, format_metrics, json_option, print_json
from zoo_core.configs.settings import as_typed, with_unit
from zoo_core.plugins.catalog import load_catalog


@click.command()
@click.argument("reference", shell_complete=complete_reference)
@click.option(
    "--shapes", is_flag=True, help="Show the shape of every tensor for one batch instead."
)
@click.option(
    "--batch-size",
    metavar="N",
    type=IntegerRange(1, 256),
    help="Rows of that batch.  [default: 2]",
)
@click.option(
    "--steps",
    metavar="N",
    type=IntegerRange(1, 1024),
    help="Time steps of that batch.  [default: the recipe's, else 5]",
)
@registry_option
@json_option
def show(
    reference: str, shapes: bool, batch_size: int | None, steps: int | None, as_json: bool
) -> None:
    """Show the settings and figures of a model, recipe, dataset, trainer or checkpoint.

    REFERENCE is a name of zoo list, of a recipe MODEL.RECIPE; or a checkpoint: a folder, the name
    of a run, hub:OWNER/REPO or a name of zoo list checkpoints.

    The pretrained checkpoints of a model or recipe are shown as a table: tag, main metric,
    parameters, size, seconds of training, whether the recipe of the same name made it, source.
    """
    if shapes:
        from zoo_cli.commands.show_shapes import show_shapes

        catalog = load_catalog()
        batch = batch_size or 2
        show_shapes(catalog, reference, batch_size=batch, steps=steps, as_json=as_json)
        return
    if batch_size or steps:
        raise click.UsageError("--batch-size and --steps need --shapes")
    from zoo_core.runtime.describe import describe

    facts = describe(load_catalog(), reference)
    if as_json:
        print_json(facts)
    else:
        _print(facts)


def _print(facts: dict[str, Any]) -> None:
    for key, value in facts.items():
        if key == "settings":
            recipe = facts.get("default recipe")
            echo(f"settings of {recipe}:" if recipe else "settings:")
            for setting in value:
                default = with_unit(as_typed(setting["default"]), setting["unit"])
                echo(f"  {setting['key']} = {default}")
                echo(f"      {setting['meaning']} [{setting['wanted']}]")
        elif key == "checkpoints":
            print_checkpoints(facts["name"], value)
        elif key == "metrics":
            for split, named in value.items():
                echo(f"{split}: {format_metrics(named)}")
        elif key == "configs":
            for section, values in value.items():
                listed = ", ".join(f"{name} = {as_typed(item)}" for name, item in values.items())
                echo(f"{section}: {listed}")
        elif isinstance(value, dict):
            echo(f"{key}: {', '.join(f'{k} {v}' for k, v in value.items())}")
        elif isinstance(value, list):
            echo(f"{key}: {', '.join(value)}")
        elif isinstance(value, int) and key == "parameters":
            echo(f"{key}: {value:,}")
        elif value not in ("", None):
            echo(f"{key}: {value}")
