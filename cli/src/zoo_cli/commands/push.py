"""``zoo push``."""

from __future__ import annotations

from pathlib import Path

import click

from zoo_cli.parsing.folder import FolderPath
from zoo_cli.parsing.given_text import GivenText
from zoo_cli.terminal.output import echo, json_option, print_json
from zoo_core.errors import ConfigError, NetworkError, NotFoundError
from zoo_core.escaping import shell_command
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.registry.file import HUB
from zoo_core.storage.capacity import format_bytes


@click.command()
@click.argument("folder", metavar="CHECKPOINT", type=FolderPath(takes_runs=True))
@click.argument("repo", metavar="OWNER/REPO")
@click.option("--private", is_flag=True, help="Make the repo private if it is created.")
@click.option(
    "--revision",
    metavar="BRANCH",
    type=GivenText(one_line=True),
    help="Branch to push to; created if it does not exist.  [default: main]",
)
@click.option("--create-pr", is_flag=True, help="Open a pull request instead of pushing.")
@click.option(
    "--license",
    metavar="ID",
    type=GivenText(one_line=True),
    help="License of the weights, such as mit.  [default: the repo card's, or the dataset's]",
)
@click.option("--dry-run", is_flag=True, help="Build the folder to upload; send nothing.")
@click.option(
    "--to",
    "target",
    metavar="DIR",
    type=FolderPath(is_target=True),
    help="Folder to build the upload in; nothing is sent.",
)
@json_option
def push(
    folder: Path,
    repo: str,
    private: bool,
    revision: str | None,
    create_pr: bool,
    license: str | None,
    dry_run: bool,
    target: Path | None,
    as_json: bool,
) -> None:
    """Publish a checkpoint on the Hub as one commit and print its registry entry.

    CHECKPOINT is a folder or the name of a run. OWNER/REPO is the repo, which is made if it does
    not exist: OWNER is a user or an organization.
    """
    if not HUB.fullmatch(f"hub:{repo}"):
        raise ConfigError(f"{repo!r} is not a repo: expected OWNER/REPO")
    from zoo_core.runtime.hub.upload_folder import check_pushable

    check_pushable(folder)  # before an error may say how to continue an earlier push
    catalog = load_catalog()
    if dry_run or target:
        _build(catalog, folder, repo, target, license=license or "", as_json=as_json)
        return
    from zoo_core.registry.entry import entry_text
    from zoo_core.runtime.hub.publish import publish, upload_folder

    try:
        pushed, entry = publish(
            catalog,
            folder,
            repo,
            private=private,
            create_pr=create_pr,
            revision=revision or "",
            license=license or "",
        )
    except (NetworkError, NotFoundError) as error:
        if not upload_folder(repo).exists():
            raise
        command = ["zoo", "push", str(folder), repo]
        if private:
            command.append("--private")
        if create_pr:
            command.append("--create-pr")
        if revision:
            command += ["--revision", revision]
        if license:
            command += ["--license", license]
        raise type(error)(f"{error}; to continue: {shell_command(*command)}") from None
    pinned = entry_text(entry)
    if as_json:
        commit = pushed.commit
        print_json(
            {"repo": commit.repo, "revision": commit.sha, "url": pushed.url, "entry": pinned}
        )
        return
    echo(f"{'pushed' if pushed.new else 'nothing new'}: {pushed.url}", err=True)
    echo(f"revision: {pushed.commit.sha}")
    echo(f"\n{pinned}", nl=False)


def _build(
    catalog: Catalog, folder: Path, repo: str, target: Path | None, *, license: str, as_json: bool
) -> None:
    """Builds the folder to upload and prints its files."""
    from zoo_core.runtime.hub.publish import rebuild_upload_folder, upload_folder
    from zoo_core.runtime.hub.upload_folder import build_upload_folder

    upload = target or upload_folder(repo)
    if target:
        build_upload_folder(catalog, folder, repo, upload, license=license)
    else:
        rebuild_upload_folder(catalog, folder, repo, upload, license=license)
    sizes = {path.name: path.stat().st_size for path in sorted(upload.iterdir())}
    if as_json:
        print_json({"folder": str(upload.absolute()), "files": sizes})
        return
    for name, size in sizes.items():
        echo(f"{upload / name}  {format_bytes(size)}")
