"""``zoo plugins uninstall``."""

from __future__ import annotations

import importlib

import click

from zoo_cli.terminal.confirm import confirm
from zoo_cli.terminal.output import json_option, print_json
from zoo_core.errors import AmbiguousError, NotFoundError, PluginError, suggest
from zoo_core.installer.changes import Change
from zoo_core.installer.installer import find_installer
from zoo_core.installer.packages import needed_by
from zoo_core.plugins.discovery import UNKNOWN, Plugin, every_plugin


@click.command()
@click.argument("names", metavar="NAME ...", nargs=-1, required=True)
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def uninstall(names: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Remove plugins, named by themselves or by their distribution.

    What will change is shown first. No plugin is loaded, so this works while one is broken.
    """
    found = {plugin.distribution: plugin.version for plugin in map(_find, names)}
    installer = find_installer()
    changes = [Change(name, version, "") for name, version in found.items()]
    for name in found:
        if others := [each for each in needed_by(name) if each not in found]:
            click.echo(f"{name} is needed by {', '.join(others)}", err=True)
    confirm(changes, yes)
    for name in found:
        click.echo(installer.uninstall(name).rstrip(), err=True)
        importlib.invalidate_caches()
        if still := [plugin for plugin in every_plugin() if plugin.distribution == name]:
            raise PluginError(
                f"{name} is still there: {installer.name} did not install {still[0].module}; "
                "remove it from where Python finds it"
            )
    if as_json:
        rows = [change._asdict() for change in changes]
        print_json({"installer": installer.name, "changes": rows})
    else:
        click.echo(f"removed: {', '.join(found)}")


def _find(name: str) -> Plugin:
    """The plugin of a name.

    Raises:
        AmbiguousError: Two distributions bring one of that name.
        NotFoundError: There is none.
        PluginError: Its metadata is gone, so that nothing tells what to remove.
    """
    plugins = every_plugin()
    found = [each for each in plugins if name == each.distribution]
    found = found or [each for each in plugins if name == each.name]
    if any(each.distribution == UNKNOWN for each in found):
        raise PluginError(f"{name!r} has no metadata: remove what is left of it by hand")
    if not found:
        known = {word for each in plugins for word in (each.name, each.distribution)}
        raise NotFoundError(f"no plugin {name!r}; {suggest(name, known) or 'try: zoo plugins'}")
    if len(owners := {each.distribution for each in found}) > 1:
        raise AmbiguousError(f"{name!r} comes with {' and '.join(sorted(owners))}: name one")
    return found[0]
