"""``zoo plugins uninstall``."""

from __future__ import annotations

import importlib

import click

from zoo_cli.parsing.completion_items import complete_plugin
from zoo_cli.terminal.confirm import confirm
from zoo_cli.terminal.output import echo, json_option, print_json
from zoo_core.errors import AmbiguousError, NotFoundError, PluginError, suggest
from zoo_core.installer.installer import find_installer
from zoo_core.installer.packages import needed_by
from zoo_core.plugins.discovery import Plugin, every_plugin
from zoo_core.plugins.entry_points import UNKNOWN


@click.command()
@click.argument(
    "names", metavar="NAME ...", nargs=-1, required=True, shell_complete=complete_plugin
)
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def uninstall(names: tuple[str, ...], yes: bool, as_json: bool) -> None:
    """Remove plugins.

    NAME is a plugin or a distribution. Changes are shown and confirmed first. No plugin is
    loaded, so a broken one can be removed.
    """
    versions = {plugin.distribution: plugin.version for plugin in map(_find, names)}
    installer = find_installer()
    for name in versions:
        # zoo-cli brings the plugins of the zoo and runs without them
        if dependents := [
            other for other in needed_by(name) if other not in {*versions, "zoo-cli"}
        ]:
            echo(f"{name} is needed by {', '.join(dependents)}", err=True)
    confirm([f"- {name} {version}" for name, version in versions.items()], yes)
    for name in versions:
        echo(installer.uninstall(name).rstrip(), err=True)
        importlib.invalidate_caches()
        if left := [plugin for plugin in every_plugin() if plugin.distribution == name]:
            raise PluginError(
                f"{name} is still installed: {installer.name} did not install {left[0].module}; "
                "remove it from the folder where Python finds it"
            )
    if as_json:
        rows = [
            {"name": name, "before": version, "after": ""} for name, version in versions.items()
        ]
        print_json({"installer": installer.name, "changes": rows})
    else:
        echo(f"removed: {', '.join(versions)}")


def _find(name: str) -> Plugin:
    """Returns the plugin of a name.

    Raises:
        AmbiguousError: Two distributions bring a plugin of that name.
        NotFoundError: There is no such plugin.
        PluginError: The plugin has no metadata, so the installer cannot remove it.
    """
    plugins = every_plugin()
    matches = [plugin for plugin in plugins if name == plugin.distribution]
    if not matches:
        matches = [plugin for plugin in plugins if name == plugin.name]
    if any(plugin.distribution == UNKNOWN for plugin in matches):
        raise PluginError(f"{name!r} has no metadata: remove its files by hand")
    if not matches:
        names = {word for plugin in plugins for word in (plugin.name, plugin.distribution)}
        raise NotFoundError(f"no plugin {name!r}; {suggest(name, names) or 'try: zoo plugins'}")
    if len(owners := {plugin.distribution for plugin in matches}) > 1:
        raise AmbiguousError(f"{name!r} comes with {' and '.join(sorted(owners))}: name one")
    return matches[0]
