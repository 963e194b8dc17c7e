"""From what a person types to a checkpoint's folder."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib.resources import files
from pathlib import Path

from zoo_core.catalog import Catalog
from zoo_core.errors import IntegrityError, PluginError
from zoo_core.references import Folder, HubRepo, Named, parse_reference
from zoo_core.registry import find_pretrained
from zoo_core.registry_file import HUB, PACKAGE, Pretrained
from zoo_core.runtime.checkpoint import Checkpoint, read_checkpoint
from zoo_core.specs import ModelSpec


def load(catalog: Catalog, reference: str) -> Checkpoint:
    """The checkpoint that a reference names.

    Args:
        catalog: What is installed.
        reference: A folder, ``hub:owner/repo``, ``model.tag``, or a model, which means its
            default recipe's.

    Raises:
        NotFoundError: There is none.
        IntegrityError: It is not what it should be.
        NetworkError: It must be downloaded, and cannot be.
    """
    return read_checkpoint(catalog, find_folder(catalog, reference))


def find_folder(
    catalog: Catalog, reference: str, tell: Callable[[str], None] = lambda remark: None
) -> Path:
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
    entry = find_entry(catalog, parsed)
    if match := HUB.fullmatch(entry.source):
        return _pulled(HubRepo(match["repo"], entry.revision), entry, tell)
    return packaged_folder(entry)


def find_entry(catalog: Catalog, reference: Named) -> Pretrained:
    """The registry's entry for a name.

    Raises:
        NotFoundError: There is none.
    """
    spec = catalog.find(ModelSpec, reference.model).spec
    tag = reference.tag or spec.default_recipe
    return find_pretrained(catalog, f"{spec.name}.{tag}" if tag else spec.name)


def verify_entry(entry: Pretrained) -> int:
    """How many files of an entry have the hashes that it says, those on the Hub downloaded.

    Raises:
        IntegrityError: A file is missing or has another hash.
        NetworkError: The Hub cannot be reached or refuses.
    """
    if match := HUB.fullmatch(entry.source):
        folder = _pulled(HubRepo(match["repo"], entry.revision), entry, lambda remark: None)
    else:
        folder = packaged_folder(entry)
    for name, record in entry.files.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found != record.sha256:
            raise IntegrityError(
                f"{folder / name} has sha256 {found}, the registry says {record.sha256}"
            )
    return len(entry.files)


def _pulled(repo: HubRepo, entry: Pretrained | None, tell: Callable[[str], None]) -> Path:
    from zoo_core.runtime.pull import pull  # the client library takes its time to import

    pulled = pull(repo.repo, repo.revision, entry.files if entry else None)
    if pulled.remark:
        tell(pulled.remark)
    return pulled.folder


def packaged_folder(entry: Pretrained) -> Path:
    """Where the package that carries a checkpoint has it.

    Raises:
        IntegrityError: A file is missing or of another size.
        PluginError: The package is not installed.
    """
    match = PACKAGE.fullmatch(entry.source)
    assert match, "the registry admits no other source"
    try:
        folder = Path(str(files(match["package"]))) / match["path"]
    except ModuleNotFoundError:
        package = match["package"].replace("_", "-")
        raise PluginError(f"{entry.name} comes with {package}: pip install {package}") from None
    for name, record in entry.files.items():
        size = (folder / name).stat().st_size if (folder / name).is_file() else None
        if size != record.size:
            raise IntegrityError(f"{folder / name}: {size} bytes, the registry says {record.size}")
    return folder
