"""``zoo plugins``."""

from __future__ import annotations

from typing import Any

import click
from zoo_core.catalog import NOUNS, Catalog, load_catalog
from zoo_core.discovery import Plugin

from zoo_cli.output import json_option, print_json
from zoo_cli.plugins_check import check


@click.group(invoke_without_command=True)
@click.option("-v", "--verbose", is_flag=True, help="Show where a broken plugin failed.")
@json_option
@click.pass_context
def plugins(ctx: click.Context, verbose: bool, as_json: bool) -> None:
    """List the installed plugins: what each contributes, which are broken and why."""
    if ctx.invoked_subcommand:
        return
    catalog = load_catalog()
    rows = [_working(catalog, plugin) for plugin in catalog.plugins]
    for each in catalog.broken:
        place = {"traceback": each.traceback} if verbose else {}
        facts = {"state": "broken", "reason": each.reason, "remedy": each.remedy, "contributes": {}}
        rows.append(_identity(each.plugin) | facts | place)
    rows.sort(key=lambda row: str(row["name"]))
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(f"{row['name']} {row['version']}: {row['state']}")
        for noun, names in row["contributes"].items():
            click.echo(f"  {noun}s: {', '.join(names)}")
        for key in ("reason", "remedy"):
            if row[key]:
                click.echo(f"  {key}: {row[key]}")
        if "traceback" in row:
            click.echo(row["traceback"])


plugins.add_command(check)


def _working(catalog: Catalog, plugin: Plugin) -> dict[str, Any]:
    offers = [offer for offer in catalog.offers if offer.plugin == plugin]
    contributes = {
        noun: names
        for kind, noun in NOUNS.items()
        if (names := [offer.spec.name for offer in offers if isinstance(offer.spec, kind)])
    }
    facts = {"state": "ok", "reason": "", "remedy": "", "contributes": contributes}
    return _identity(plugin) | facts


def _identity(plugin: Plugin) -> dict[str, Any]:
    return {
        "name": plugin.name,
        "distribution": plugin.distribution,
        "version": plugin.version,
        "module": plugin.module,
    }
