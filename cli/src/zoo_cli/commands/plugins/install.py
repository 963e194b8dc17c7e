"""``zoo plugins install``."""

from __future__ import annotations

import importlib
from pathlib import Path

import click
from packaging.utils import canonicalize_name

from zoo_cli.terminal.confirm import confirm
from zoo_cli.terminal.output import echo, json_option, print_json
from zoo_core.errors import NotFoundError, RefusedError
from zoo_core.installer.editable import folder_in_checkout
from zoo_core.installer.installer import find_installer
from zoo_core.installer.packages import installed_versions, is_satisfied
from zoo_core.plugins.discovery import every_plugin

ARCHIVES = (".whl", ".tar.gz", ".zip")
"""How the names of files end that an installer takes."""
PROJECT_FILES = ("pyproject.toml", "setup.py")


@click.command()
@click.argument("requirements", metavar="DIST|PATH|URL ...", nargs=-1, required=True)
@click.option("--upgrade", is_flag=True, help="Upgrade to the newest compatible version.")
@click.option("--editable", is_flag=True, help="Install a PATH in editable mode.")
@click.option("--dry-run", is_flag=True, help="Show what would change and exit.")
@click.option("--yes", is_flag=True, help="Do not ask for confirmation.")
@json_option
def install(
    requirements: tuple[str, ...],
    upgrade: bool,
    editable: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Install plugins with the installer of this environment, pip or uv.

    DIST is a distribution of the package index, such as zoo-plugin-owl or zoo-plugin-owl==1.0; PATH
    is a wheel or the folder of a project; URL is what the installer can fetch. Changes are shown
    and confirmed first. No plugin is loaded, so a broken one can be replaced.
    """
    flags = ["--upgrade"] if upgrade else []
    for requirement in requirements:
        if editable:
            flags.append("--editable")
        flags.append(_installer_argument(requirement, editable))
    installer = find_installer()
    before = installed_versions()
    if not upgrade and all(is_satisfied(requirement) for requirement in requirements):
        echo("nothing to change: everything is installed", err=True)
    else:
        preview = installer.preview(flags)
        if dry_run:
            echo(preview.rstrip(), err=as_json)
        else:
            confirm(preview.splitlines(), yes)
            echo(installer.install(flags).rstrip(), err=True)
            importlib.invalidate_caches()
    changes = {
        name: version
        for name, version in installed_versions().items()
        if before.get(name) != version
    }
    plugins = [
        plugin.name
        for plugin in every_plugin()
        if canonicalize_name(plugin.distribution) in changes
    ]
    if as_json:
        rows = [
            {"name": name, "before": before.get(name, ""), "after": version}
            for name, version in changes.items()
        ]
        print_json({"installer": installer.name, "changes": rows, "plugins": plugins})
    elif plugins:
        echo(f"installed: {', '.join(plugins)}; see: zoo plugins")
    elif changes:
        echo("installed, but not a plugin: there is no entry point in the group zoo", err=True)


def _check_installable(path: Path) -> None:
    """Raises RefusedError if a path is neither the folder of a project nor an archive of one."""
    if path.is_dir():
        if not any((path / name).is_file() for name in PROJECT_FILES):
            raise RefusedError(
                f"{path} is not the folder of a project: it has no {PROJECT_FILES[0]}; "
                "zoo plugins new writes one"
            )
    elif not path.name.endswith(ARCHIVES):
        raise RefusedError(f"{path} is neither a wheel nor the folder of a project")


def _installer_argument(requirement: str, editable: bool) -> str:
    """Returns a requirement in the form that the installer takes.

    What is installed in editable mode is a path, with a slash or without. In a checkout, the name
    of one of the zoo's own plugins means its folder.

    Raises:
        NotFoundError: The requirement is a path, and nothing is there.
        RefusedError: The requirement is empty, a flag of the installer, a path to something that
            cannot be installed, or the name of a folder, which is easily meant by mistake.
    """
    if not requirement.strip():
        raise RefusedError("an empty name; write . for the current folder")
    if requirement.startswith("-"):
        raise RefusedError(f"{requirement!r} is a flag, not a distribution, path or URL")
    if "://" in requirement or "@" in requirement:
        return requirement
    path = Path(requirement)
    looks_like_path = requirement in (".", "..") or "/" in requirement or "\\" in requirement
    if editable or looks_like_path or requirement.endswith(ARCHIVES):
        path = path.expanduser()
        if not path.exists():
            raise NotFoundError(f"{requirement!r}: no such folder or file")
        _check_installable(path)
        return str(path.absolute())
    if folder := folder_in_checkout(requirement):
        echo(f"{requirement} comes from the checkout: {folder}", err=True)
        return folder
    if path.is_dir():
        raise RefusedError(
            f"{requirement} is a folder here; write ./{requirement} for it, or "
            f"'{requirement}>=0' for the distribution of the package index"
        )
    return requirement
