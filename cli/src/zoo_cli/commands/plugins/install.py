"""``zoo plugins install``."""

from __future__ import annotations

import importlib
from pathlib import Path

import click

from zoo_cli.terminal.confirm import confirm
from zoo_cli.terminal.output import json_option, print_json
from zoo_core.errors import NotFoundError, RefusedError
from zoo_core.installer.installer import find_installer
from zoo_core.installer.packages import normal
from zoo_core.plugins.discovery import every_plugin


@click.command()
@click.argument("expected", metavar="DIST|PATH|URL ...", nargs=-1, required=True)
@click.option("--upgrade", is_flag=True, help="Take the newest version that fits.")
@click.option("--editable", is_flag=True, help="Leave the code of a PATH where it is.")
@click.option("--dry-run", is_flag=True, help="Show what would change, and change nothing.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@json_option
def install(
    expected: tuple[str, ...],
    upgrade: bool,
    editable: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
) -> None:
    """Install plugins with this environment's own installer, pip or uv.

    What will change is shown first. No plugin is loaded, so this works while one is broken.
    """
    places = [_requirement(each) for each in expected]
    flags = ["--upgrade"] * upgrade
    for place in places:
        flags += ["--editable", place] if editable else [place]
    installer = find_installer()
    changes = installer.plan(flags)
    if changes and not dry_run:
        confirm(changes, yes)
        click.echo(installer.install(flags).rstrip(), err=True)
        importlib.invalidate_caches()
    names = {normal(each.name) for each in changes}
    brought = [each.name for each in every_plugin() if normal(each.distribution) in names]
    if as_json:
        rows = [change._asdict() for change in changes]
        print_json({"installer": installer.name, "changes": rows, "plugins": brought})
    elif not changes:
        click.echo("nothing to change: it is all installed", err=True)
    elif dry_run:
        for change in changes:
            click.echo(str(change))
    elif brought:
        click.echo(f"installed: {', '.join(brought)}; see: zoo plugins")
    else:
        click.echo("nothing of this is a plugin: it names none in the group zoo", err=True)


def _requirement(expected: str) -> str:
    """What the installer is given.

    Raises:
        NotFoundError: It is a path, and nothing is there.
        RefusedError: It is a flag of the installer's.
    """
    if expected.startswith("-"):
        raise RefusedError(f"{expected!r} is a flag, not a distribution, path or URL")
    path = Path(expected)
    looks_so = expected in (".", "..") or "/" in expected or "\\" in expected
    if "://" in expected or "@" in expected:
        return expected
    if looks_so or expected.endswith((".whl", ".tar.gz")):
        if not path.expanduser().exists():
            raise NotFoundError(f"{expected!r}: no such folder or file")
        return str(path.expanduser().absolute())
    if path.is_dir():
        remark = (
            f"{expected} is taken from the package index; write ./{expected} for the folder here"
        )
        click.echo(remark, err=True)
    return expected
