"""``zoo push``."""

from __future__ import annotations

import shlex
from pathlib import Path

import click
from zoo_core.catalog import load_catalog
from zoo_core.errors import ConfigError, NetworkError
from zoo_core.home import zoo_home
from zoo_core.registry_file import HUB
from zoo_core.space import in_bytes

from zoo_cli.output import json_option, print_json


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.argument("repo", metavar="OWNER/REPO")
@click.option("--private", is_flag=True, help="Make a new repo private.")
@click.option("--revision", metavar="B", default="", help="The branch; made if it is not there.")
@click.option("--create-pr", is_flag=True, help="Open a pull request instead.")
@click.option(
    "--dry-run", is_flag=True, help="Build the folder and say what it holds; send nothing."
)
@click.option(
    "--to",
    "target",
    metavar="DIR",
    type=click.Path(path_type=Path),
    help="Build the folder that is sent there.",
)
@json_option
def push(
    folder: Path,
    repo: str,
    private: bool,
    revision: str,
    create_pr: bool,
    dry_run: bool,
    target: Path | None,
    as_json: bool,
) -> None:
    """Push a checkpoint to the Hub as one commit, and print the registry entry that pins it."""
    if not HUB.fullmatch(f"hub:{repo}"):
        raise ConfigError(f"{repo!r} is no repo: wanted OWNER/REPO")
    catalog = load_catalog()
    from zoo_core.registry_entry import entry_text, make_entry
    from zoo_core.runtime.push import push as send
    from zoo_core.runtime.push import remote_card
    from zoo_core.runtime.stage import stage

    staged = target or zoo_home() / "pushes" / repo.replace("/", "--")
    stage(catalog, folder, repo, staged, "" if dry_run else remote_card(repo, revision))
    if dry_run:
        for path in sorted(staged.iterdir()):
            click.echo(f"{path}  {in_bytes(path.stat().st_size)}")
        return
    try:
        pushed = send(staged, repo, revision=revision, private=private, create_pr=create_pr)
    except NetworkError as error:
        again = shlex.join(
            ["zoo", "push", str(folder), repo, *_flags(private, revision, create_pr)]
        )
        raise NetworkError(f"{error}; what was built is in {staged}; to go on: {again}") from None
    commit = pushed.commit
    name = recipe_or_data(folder)
    made = make_entry(staged, f"hub:{commit.repo}", revision=commit.sha, name=name)
    pinned = entry_text(made)
    if as_json:
        print_json({"repo": commit.repo, "revision": commit.sha, "entry": pinned})
        return
    click.echo(f"{'pushed' if pushed.new else 'nothing new'}: {pushed.url}", err=True)
    click.echo(f"revision: {commit.sha}")
    click.echo(f"\n{pinned}", nl=False)


def _flags(private: bool, revision: str, create_pr: bool) -> list[str]:
    flags = ["--private"] if private else []
    flags += ["--revision", revision] if revision else []
    return flags + (["--create-pr"] if create_pr else [])


def recipe_or_data(folder: Path) -> str:
    """The name that a checkpoint gets in the registry: its recipe's, or its model's and data's."""
    from zoo_core.manifest import read_manifest

    plan = read_manifest(folder).plan
    return plan.recipe or f"{plan.model}.{plan.dataset}"
