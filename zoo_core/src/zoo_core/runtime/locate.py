"""From what a person types to a checkpoint's folder."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

from zoo_core.catalog import Catalog
from zoo_core.errors import IntegrityError, NotFoundError
from zoo_core.references import Folder, HubRepo, Named, parse_reference
from zoo_core.registry import find_pretrained
from zoo_core.registry_file import PACKAGE
from zoo_core.runtime.checkpoint import Checkpoint, read_checkpoint
from zoo_core.specs import ModelSpec


def load(catalog: Catalog, reference: str) -> Checkpoint:
    """The checkpoint that a reference names.

    Args:
        catalog: What is installed.
        reference: A folder, ``model.tag``, or a model, which means its default recipe's.

    Raises:
        NotFoundError: There is none.
        IntegrityError: It is not what it should be.
    """
    return read_checkpoint(catalog, find_folder(catalog, reference))


def find_folder(catalog: Catalog, reference: str) -> Path:
    """The folder of the checkpoint that a reference names; what is in it is not looked at.

    Raises:
        NotFoundError: There is none.
        IntegrityError: A file of a packaged one has another size than the registry says.
    """
    parsed = parse_reference(reference)
    if isinstance(parsed, Folder):
        return parsed.path
    if isinstance(parsed, HubRepo):
        raise NotFoundError(f"{reference}: reading from the Hub is not part of this version")
    return _packaged(catalog, parsed)


def _packaged(catalog: Catalog, reference: Named) -> Path:
    spec = catalog.find(ModelSpec, reference.model).spec
    tag = reference.tag or spec.default_recipe
    entry = find_pretrained(catalog, f"{spec.name}.{tag}" if tag else spec.name)
    match = PACKAGE.fullmatch(entry.source)
    assert match, "the registry admits no other source"
    folder = Path(str(files(match["package"]))) / match["path"]
    for name, record in entry.files.items():
        size = (folder / name).stat().st_size if (folder / name).is_file() else None
        if size != record.size:
            raise IntegrityError(f"{folder / name}: {size} bytes, the registry says {record.size}")
    return folder
