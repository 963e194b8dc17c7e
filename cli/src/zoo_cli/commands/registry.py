"""``zoo registry``: verify, add and publish."""

from __future__ import annotations

from pathlib import Path

import click

from zoo_cli.parsing.registry_option import registry_option
from zoo_cli.terminal.output import json_option, print_json, print_table
from zoo_core.errors import ConfigError, ZooError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.references import HubRepo, parse_reference
from zoo_core.registry.checkpoints import load_registry
from zoo_core.registry.file import HUB, PACKAGE, read_registry
from zoo_core.registry.sources import registry_path


@click.group()
def registry() -> None:
    """Look after registry.toml: which pretrained checkpoints exist, every file pinned by hash."""


@registry.command()
@click.option("--online", is_flag=True, help="Ask the Hub for the files of its checkpoints too.")
@registry_option
@json_option
def verify(online: bool, as_json: bool) -> None:
    """Verify that every entry is well-formed and that every file at hand has its hash.

    The exit code is that of the first that is not.
    """
    catalog = load_catalog()
    entries = load_registry(catalog.registries)
    from zoo_core.runtime.locate import entry_folder

    rows, failed = [], []
    for entry in entries.values():
        if HUB.fullmatch(entry.source) and not online:
            rows.append((entry.name, "skipped", "on the Hub; --online asks for it"))
            continue
        try:
            entry_folder(entry)
            rows.append((entry.name, "ok", f"{len(entry.files)} files have their hashes"))
        except ZooError as error:
            rows.append((entry.name, "failed", str(error)))
            failed.append(type(error)(f"{entry.name}: {error}"))
    if as_json:
        names = ("name", "verdict", "said")
        print_json([dict(zip(names, row, strict=True)) for row in rows])
    else:
        print_table(rows)
    if failed:
        raise failed[0]


@registry.command()
@click.argument("checkpoint", metavar="DIR|hub:OWNER/REPO[@REVISION]")
@click.argument("source", metavar="[SOURCE]", default="")
@click.option("--revision", metavar="SHA", default="", help="The commit of a Hub source.")
@click.option(
    "--license", metavar="ID", default="", help="Of the weights.  [default: what the card says]"
)
@click.option("--name", default="", metavar="MODEL.TAG", help="By default the recipe's.")
@registry_option
def add(checkpoint: str, source: str, revision: str, license: str, name: str) -> None:
    """Add a checkpoint's entry to the registry, or renew it.

    A repo of the Hub is pulled and pinned to its commit. For a folder SOURCE is where it lies for
    others: package:PACKAGE/PATH, or hub:OWNER/REPO with --revision.
    """
    from zoo_core.registry.entry import add_entry, entry_text, make_entry
    from zoo_core.runtime.checkpoints.frontmatter import license_of

    parsed = parse_reference(checkpoint)
    if isinstance(parsed, HubRepo):
        from zoo_core.runtime.hub.pull import pull

        pulled = pull(parsed.repo, parsed.revision)
        folder, source = pulled.folder, f"hub:{pulled.commit.repo}"
        revision = pulled.commit.sha
    else:
        folder = Path(checkpoint)
    if not source:
        raise ConfigError("SOURCE is missing: where others find it, such as package:PACKAGE/PATH")
    said = license or license_of(folder)
    entry = make_entry(folder, source, revision=revision, license=said, name=name)
    target = registry_path()
    replaced = add_entry(target, entry)
    click.echo(f"{'renewed in' if replaced else 'added to'} {target}", err=True)
    click.echo(entry_text(entry), nl=False)


@registry.command()
@click.option("--namespace", metavar="OWNER", required=True, help="Whose repos they become.")
@click.option("--private", is_flag=True, help="Make new repos private.")
@registry_option
@json_option
def publish(namespace: str, private: bool, as_json: bool) -> None:
    """Push every checkpoint that a package carries, as OWNER/MODEL.TAG, and pin its entry to it.

    Entries are rewritten one by one: what broke off goes on where it stopped.
    """
    path = registry_path()
    packaged = [each for each in read_registry(path).checkpoints if PACKAGE.fullmatch(each.source)]
    if not HUB.fullmatch(f"hub:{namespace}/any"):
        raise ConfigError(f"--namespace {namespace!r}: expected a user or an organization")
    catalog = load_catalog()
    from zoo_core.registry.entry import add_entry
    from zoo_core.runtime.hub.publish import publish as send
    from zoo_core.runtime.locate import entry_folder

    rows = []
    for old in packaged:
        pushed, new = send(
            catalog,
            entry_folder(old),
            f"{namespace}/{old.name}",
            name=old.name,
            license=old.license,
            private=private,
        )
        add_entry(path, new._replace(summary=old.summary, license=old.license))
        rows.append({"name": old.name, "repo": pushed.commit.repo, "revision": pushed.commit.sha})
        click.echo(f"{'pushed' if pushed.new else 'nothing new'}: {pushed.url}", err=True)
    if as_json:
        print_json(rows)
    else:
        click.echo(f"{len(rows)} checkpoints published; their entries in {path} are pinned")
