"""``zoo registry``: verify, add and publish."""

from __future__ import annotations

from pathlib import Path

import click

from zoo_cli.parsing.given_text import GivenText
from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import echo, json_option, print_json, print_table
from zoo_core.errors import ConfigError, IntegrityError, ZooError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.references import Folder, HubRepo, parse_reference
from zoo_core.registry.checkpoints import load_registry
from zoo_core.registry.file import HUB, PACKAGE, Pretrained, check_source, read_registry
from zoo_core.registry.sources import registry_path
from zoo_core.run_folder.local_runs import find_bare_folder, find_run_folder
from zoo_core.run_folder.manifest import read_manifest


@click.group()
def registry() -> None:
    """Manage registry.toml, which pins every file of the pretrained checkpoints by hash."""


@registry.command(short_help="Check the entries and the files of this machine.")
@click.option("--online", is_flag=True, help="Check checkpoints on the Hub too.")
@registry_option
@json_option
def verify(online: bool, as_json: bool) -> None:
    """Check that every entry is well-formed and that every local file has its hash.

    If checks fail, the exit code is that of the first failure.
    """
    catalog = load_catalog()
    entries = load_registry(catalog.registries)
    from zoo_core.runtime.locate import entry_folder

    rows, failed = [], []
    for entry in entries.values():
        if HUB.fullmatch(entry.source) and not online:
            rows.append((entry.name, "skipped", "on the Hub; add --online to check it"))
            continue
        try:
            entry_folder(entry)
            rows.append((entry.name, "ok", f"{len(entry.files)} files match their hashes"))
        except ZooError as error:
            rows.append((entry.name, "failed", str(error)))
            failed.append(type(error)(f"{entry.name}: {error}"))
    if as_json:
        names = ("name", "verdict", "said")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(rows)
        if not rows:
            echo(f"no checkpoints in {registry_path()}", err=True)
    if failed:
        raise failed[0]


@registry.command()
@click.argument("checkpoint", metavar="DIR|hub:OWNER/REPO[@REVISION]")
@click.argument("source", metavar="[SOURCE]", default="")
@click.option("--revision", metavar="SHA", type=GivenText(), help="Commit of a SOURCE on the Hub.")
@click.option(
    "--license",
    metavar="ID",
    type=GivenText(one_line=True),
    help="License of the weights.  [default: the card's]",
)
@click.option(
    "--name",
    metavar="MODEL.TAG",
    type=GivenText(),
    help="Name of the entry.  [default: the recipe's]",
)
@registry_option
def add(
    checkpoint: str, source: str, revision: str | None, license: str | None, name: str | None
) -> None:
    """Add a checkpoint to the registry, or update its entry.

    A repo on the Hub, OWNER/REPO, is downloaded and pinned to the commit that REVISION means, main
    by default. For a folder, DIR, SOURCE says where others find it: package:PACKAGE/PATH, or
    hub:OWNER/REPO with --revision.
    """
    from zoo_core.registry.entry import add_entry, entry_text, make_entry
    from zoo_core.runtime.checkpoints.frontmatter import license_of

    folder = find_run_folder(checkpoint) or find_bare_folder(checkpoint)
    parsed = Folder(folder) if folder else parse_reference(checkpoint)
    if isinstance(parsed, HubRepo):
        from zoo_core.runtime.hub.pull import pull

        _check_alone(parsed.repo, source, revision)
        pulled = pull(parsed.repo, parsed.revision)
        folder, source = pulled.folder, f"hub:{pulled.commit.repo}"
        revision = pulled.commit.sha
    else:
        folder = parsed.path if isinstance(parsed, Folder) else Path(checkpoint)
        read_manifest(folder)  # a folder without a checkpoint has no source either
        if not source:
            raise click.UsageError(
                "SOURCE is missing: say where others find this checkpoint, as "
                "package:PACKAGE/PATH, or as hub:OWNER/REPO with --revision"
            )
        check_source(source, revision or "")
    license_id = license or license_of(folder)
    entry = make_entry(folder, source, revision=revision or "", license=license_id, name=name or "")
    if PACKAGE.fullmatch(source):
        _check_packaged(entry, folder)
    target = registry_path()
    replaced = add_entry(target, entry)
    if replaced:
        echo(f"{entry.name} in {target} replaced its entry from {replaced.source}", err=True)
    else:
        echo(f"added to {target}", err=True)
    echo(entry_text(entry), nl=False)


def _check_alone(repo: str, source: str, revision: str | None) -> None:
    """Checks that a repo on the Hub is given without what is for a folder.

    Raises:
        click.UsageError: There is a source or a revision too.
    """
    if source:
        raise click.UsageError(f"hub:{repo} is a source itself: leave out {source}")
    if revision:
        raise click.UsageError(f"--revision is for a folder; write hub:{repo}@{revision}")


def _check_packaged(entry: Pretrained, folder: Path) -> None:
    """Checks that the package of a new entry is installed and holds the files of its folder.

    Raises:
        IntegrityError: A file is missing, or another one than that of the folder.
        PluginError: The package is not installed.
    """
    from zoo_core.runtime.locate import entry_folder

    try:
        entry_folder(entry)
    except IntegrityError as error:
        raise IntegrityError(f"{entry.source} lacks the files of {folder}: {error}") from None


@registry.command(short_help="Publish packaged checkpoints on the Hub.")
@click.option(
    "--namespace", metavar="OWNER", required=True, help="User or organization that owns the repos."
)
@click.option("--private", is_flag=True, help="Make repos private if they are created.")
@registry_option
@json_option
def publish(namespace: str, private: bool, as_json: bool) -> None:
    """Publish the checkpoints of installed packages on the Hub and pin their entries.

    Each checkpoint becomes the repo OWNER/MODEL.TAG. Entries are updated one by one, so that an
    interrupted command can be repeated.
    """
    path = registry_path()
    packaged = [
        entry for entry in read_registry(path).checkpoints if PACKAGE.fullmatch(entry.source)
    ]
    if not HUB.fullmatch(f"hub:{namespace}/any"):
        raise ConfigError(f"--namespace {namespace!r}: expected a user or an organization")
    if not packaged:
        echo(f"nothing to publish: {path} has no checkpoint of a package", err=True)
    catalog = load_catalog()
    from zoo_core.registry.entry import add_entry
    from zoo_core.runtime.hub.publish import publish as publish_checkpoint
    from zoo_core.runtime.locate import entry_folder

    rows = []
    for old in packaged:
        pushed, new = publish_checkpoint(
            catalog,
            entry_folder(old),
            f"{namespace}/{old.name}",
            name=old.name,
            license=old.license,
            private=private,
        )
        add_entry(path, new._replace(summary=old.summary, license=old.license, seconds=old.seconds))
        rows.append({"name": old.name, "repo": pushed.commit.repo, "revision": pushed.commit.sha})
        echo(f"{'pushed' if pushed.new else 'nothing new'}: {pushed.url}", err=True)
    if as_json:
        print_json(rows)
    elif rows:
        noun = "checkpoint" if len(rows) == 1 else "checkpoints"
        echo(f"published {len(rows)} {noun} and pinned their entries in {path}")
