"""From what a person types to a checkpoint's folder."""

from __future__ import annotations

from collections.abc import Callable
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from zoo_core.errors import NotFoundError, PluginError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.specs import ModelSpec
from zoo_core.references import Folder, HubRepo, Named, parse_reference
from zoo_core.registry.checkpoints import find_pretrained
from zoo_core.registry.file import HUB, PACKAGE, Pretrained
from zoo_core.run_folder.manifest import read_manifest

if TYPE_CHECKING:
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint


Tell = Callable[[str], None]


def load(catalog: Catalog, reference: str, tell: Tell = lambda remark: None) -> Checkpoint:
    """The checkpoint that a reference names.

    Args:
        catalog: What is installed.
        reference: A folder, ``hub:owner/repo``, ``model.tag``, or a model, which means its
            default recipe's.
        tell: Told what a person should know, such as the commit that a branch means.

    Raises:
        NotFoundError: There is none.
        IntegrityError: It is not what it should be.
        NetworkError: It must be downloaded, and cannot be.
    """
    from zoo_core.runtime.checkpoints.checkpoint import (
        read_checkpoint,  # torch, which pulling does not need
    )

    return read_checkpoint(catalog, find_folder(catalog, reference, tell))


def find_folder(catalog: Catalog, reference: str, tell: Tell = lambda remark: None) -> Path:
    """The folder of the checkpoint that a reference names, pulled from the Hub if it must be.

    Args:
        catalog: What is installed.
        reference: See ``load``.
        tell: Told what a person should know, such as the commit that a branch means.

    Raises:
        NotFoundError: There is none.
        IntegrityError: A file has another size or hash than the registry or the Hub says.
        NetworkError: It must be downloaded, and cannot be.
    """
    parsed = parse_reference(reference)
    if isinstance(parsed, Folder):
        return parsed.path
    if isinstance(parsed, HubRepo):
        return _pulled(parsed, None, tell)
    folder = entry_folder(find_entry(catalog, parsed), tell)
    if parsed.owner:
        _check_other(catalog, parsed, folder)
    return folder


def entry_folder(entry: Pretrained, tell: Tell = lambda remark: None) -> Path:
    """The folder of a registry's checkpoint, pulled from the Hub if it must be.

    Raises:
        IntegrityError: A file is missing, or has another size or hash than the entry says.
        NetworkError: It must be downloaded, and cannot be.
        PluginError: The package that carries it is not installed.
    """
    if match := HUB.fullmatch(entry.source):
        return _pulled(HubRepo(match["repo"], entry.revision), entry, tell)
    return _packaged(entry)


def find_entry(catalog: Catalog, reference: Named) -> Pretrained:
    """The registry's entry for a name.

    Raises:
        NotFoundError: There is none.
    """
    spec = catalog.find(ModelSpec, reference.model).spec
    tag = reference.tag or spec.default_recipe
    return find_pretrained(catalog.registries, f"{spec.name}.{tag}" if tag else spec.name)


def _check_other(catalog: Catalog, reference: Named, folder: Path) -> None:
    """Says so if a checkpoint is of another plugin's model than the one that was named."""
    owner = catalog.find(ModelSpec, reference.model).plugin.distribution
    found = read_manifest(folder).run_config.plugins["model"]
    if found != owner:
        other = reference._replace(owner=found).full_name
        raise NotFoundError(
            f"no pretrained checkpoint {reference.full_name!r}; that of {found}: {other}"
        )


def _pulled(repo: HubRepo, entry: Pretrained | None, tell: Tell) -> Path:
    from zoo_core.runtime.hub.pull import pull  # the client library takes its time to import

    pulled = pull(repo.repo, repo.revision, entry.files if entry else None)
    if pulled.remark:
        tell(pulled.remark)
    return pulled.folder


def _packaged(entry: Pretrained) -> Path:
    match = PACKAGE.fullmatch(entry.source)
    assert match, "the registry admits no other source"
    try:
        folder = Path(str(files(match["package"]))) / match["path"]
    except ModuleNotFoundError:
        package = match["package"].replace("_", "-")
        raise PluginError(
            f"{entry.name} comes with {package}: zoo plugins install {package}"
        ) from None
    for name, record in entry.files.items():
        record.check_matches(folder / name)
    return folder
