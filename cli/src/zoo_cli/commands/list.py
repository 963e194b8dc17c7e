"""``zoo list``."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import Any

import click

from zoo_cli.parsing.given_text import GivenText
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import echo, json_option, print_json, print_table
from zoo_core.errors import suggest
from zoo_core.escaping import shell_word
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import unknown_name_messages
from zoo_core.plugins.specs import AbstractSpec, DatasetSpec, ModelSpec, TrainerSpec

SPECS: dict[str, type[AbstractSpec]] = {
    f"{cls.noun}s": cls for cls in (ModelSpec, DatasetSpec, TrainerSpec)
}
KINDS = (*SPECS, "recipes", "checkpoints")


@click.command("list")
@click.argument(
    "kind",
    metavar=f"[{'|'.join(KINDS)}]",
    default="models",
    # without completion_items, which takes longer to import than a list
    shell_complete=lambda _, __, typed: [kind for kind in KINDS if kind.startswith(typed)],
)
@click.argument("pattern", default="")
@click.option("--tag", metavar="NAME", type=GivenText(), help="Only entries with this tag.")
@registry_option
@json_option
def list_command(kind: str, pattern: str, tag: str | None, as_json: bool) -> None:
    """List models, datasets, trainers, recipes or pretrained checkpoints.

    Without a kind, models are listed. PATTERN may hold shell wildcards: zoo list models 'lstm*'. A
    pattern alone, such as zoo list 'lstm*', is looked for in all of them.
    """
    kinds: tuple[str, ...] = (kind,)
    if kind not in KINDS:
        if pattern or not any(wildcard in kind for wildcard in "*?["):
            choices, hint = ", ".join(KINDS), suggest(kind, KINDS)
            raise click.UsageError(
                f"no kind {kind!r}: choose from {choices}; a pattern has a wildcard, such as "
                f"{shell_word(f'{kind}*')}{f'; {hint}' if hint else ''}"
            )
        kinds, pattern = KINDS, kind
    if {"recipes", "checkpoints"} & set(kinds):
        from zoo_cli.terminal.messages import show_messages

        click.get_current_context().with_resource(show_messages())
    catalog = load_catalog()
    rows = [
        {"kind": kind.removesuffix("s")} | row
        for kind in kinds
        for row in matching_rows(catalog, kind, pattern, tag or "")
    ]
    if as_json:
        print_json(rows)
    elif len(kinds) > 1:
        print_table([(row["name"], row["kind"], row["plugin"], row["summary"]) for row in rows])
    else:
        print_table([(row["name"], row["plugin"], row["summary"]) for row in rows])
    if not rows and (pattern or tag):
        subject = f"no {kind.removesuffix('s')}" if len(kinds) == 1 else "nothing"
        expected = [f"matches {pattern!r}"] if pattern else []
        expected += [f"has the tag {tag!r}"] if tag else []
        echo(f"{subject} {' and '.join(expected)}", err=True)
    for broken in catalog.broken:
        echo(f"plugin {broken.plugin.name} is broken: {broken.reason}; see: zoo plugins", err=True)
    for message in unknown_name_messages():
        echo(message, err=True)


def matching_rows(catalog: Catalog, kind: str, pattern: str, tag: str) -> list[dict[str, Any]]:
    """Returns the rows of a kind, as ``--json`` has them.

    Args:
        catalog: The installed plugins.
        kind: One of ``KINDS``.
        pattern: A name with wildcards; empty for any.
        tag: A tag; empty for any.
    """
    return [
        row
        for row in _rows(catalog, kind)
        if fnmatchcase(row["name"], pattern or "*") and (not tag or tag in row["tags"])
    ]


def _rows(catalog: Catalog, kind: str) -> list[dict[str, Any]]:
    if kind == "recipes":
        from zoo_core.recipes.recipe import list_recipes

        return [
            {
                "name": recipe.name,
                "summary": recipe.summary,
                "plugin": recipe.plugin.name,
                "version": recipe.plugin.version,
                "tags": [],
                "published": recipe.published.to_json() if recipe.published else None,
                "seconds": recipe.seconds,
            }
            for recipe in list_recipes(catalog, skip_broken=True)
        ]
    if kind == "checkpoints":
        return _checkpoints(catalog)
    return [
        {
            "name": entry.spec.name,
            "summary": entry.spec.summary,
            "plugin": entry.plugin.name,
            "version": entry.plugin.version,
            "tags": list(getattr(entry.spec, "tags", ())),
        }
        for entry in catalog.of(SPECS[kind])
    ]


def _checkpoints(catalog: Catalog) -> list[dict[str, Any]]:
    from zoo_core.registry.checkpoints import load_registry

    owners = {entry.spec.name: entry.plugin for entry in catalog.of(ModelSpec)}
    rows: list[dict[str, Any]] = []
    for entry in load_registry(catalog.registries, skip_broken=True).values():
        owner = owners.get(entry.name.partition(".")[0])
        rows.append(
            {
                "name": entry.name,
                "summary": entry.summary,
                "plugin": owner.name if owner else "",
                "version": owner.version if owner else "",
                "tags": [],
                "source": entry.source,
                "metrics": entry.metrics,
                "parameters": entry.parameters,
                "size": entry.size,
                "seconds": entry.seconds,
                "license": entry.license,
            }
        )
    return rows
