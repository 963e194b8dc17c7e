"""From a reference to a checkpoint: find its folder, pull it if needed, load it."""

from __future__ import annotations

import logging
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from zoo_core.errors import NotFoundError, PluginError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.specs import ModelSpec
from zoo_core.references import Folder, HubRepo, Named, parse_reference
from zoo_core.registry.checkpoints import find_pretrained
from zoo_core.registry.file import HUB, PACKAGE, Pretrained
from zoo_core.run_folder.local_runs import find_run_or_named
from zoo_core.run_folder.manifest import read_manifest

if TYPE_CHECKING:
    from zoo_core.runtime.checkpoints.checkpoint import Checkpoint

logger = logging.getLogger(__name__)


def load_checkpoint(catalog: Catalog, reference: str) -> Checkpoint:
    """Loads the checkpoint that a reference names.

    Logs a warning if it is unfinished or has weights that are not finite.

    Args:
        catalog: The installed plugins.
        reference: A folder, ``hub:owner/repo``, the name of a local run, ``model.tag``, or a model,
            which means the checkpoint of its default recipe. A folder needs a slash only if a
            model, recipe or run has its name.

    Raises:
        AmbiguousError: A run and a folder have this name.
        NotFoundError: There is no such checkpoint.
        IntegrityError: A file is missing or damaged.
        NetworkError: It must be downloaded and cannot be.
    """
    # These import torch, which finding and pulling a checkpoint does not need.
    from zoo_core.runtime.checkpoints.checkpoint import read_checkpoint
    from zoo_core.runtime.checkpoints.tensors import all_finite

    checkpoint = read_checkpoint(catalog, find_folder(catalog, reference))
    if not checkpoint.finished:
        logger.warning("%s is unfinished: using its best weights so far", checkpoint.folder)
    if not all_finite(checkpoint.weights):
        logger.warning("%s has weights that are infinite or not a number", checkpoint.folder)
    return checkpoint


def find_folder(catalog: Catalog, reference: str) -> Path:
    """Returns the folder of the checkpoint that a reference names; pulls it from the Hub if needed.

    Args:
        catalog: The installed plugins.
        reference: See ``load_checkpoint``.

    Raises:
        NotFoundError: There is no such checkpoint.
        IntegrityError: A file's size or hash differs from what the registry or the Hub says.
        NetworkError: It must be downloaded and cannot be.
    """
    models = (entry.spec.name for entry in catalog.of(ModelSpec))
    return find_run_or_named(
        reference, models, lambda folder: folder, lambda: _find_folder(catalog, reference)
    )


def _find_folder(catalog: Catalog, reference: str) -> Path:
    parsed = parse_reference(reference)
    if isinstance(parsed, Folder):
        return parsed.path
    if isinstance(parsed, HubRepo):
        return _pull(parsed, None)
    folder = entry_folder(find_entry(catalog, parsed))
    if parsed.owner:
        _check_owner(catalog, parsed, folder)
    return folder


def entry_folder(entry: Pretrained) -> Path:
    """Returns the folder of a registry's checkpoint; pulls it from the Hub if needed.

    Raises:
        IntegrityError: A file is missing, or its size or hash differs from the entry's.
        NetworkError: It must be downloaded and cannot be.
        PluginError: The package that carries it is not installed.
    """
    if match := HUB.fullmatch(entry.source):
        return _pull(HubRepo(match["repo"], entry.revision), entry)
    return _packaged_folder(entry)


def find_entry(catalog: Catalog, reference: Named) -> Pretrained:
    """Returns the registry's entry for a name; for a model, that of its default recipe.

    Raises:
        NotFoundError: The registry has no such entry.
    """
    spec = catalog.find(ModelSpec, reference.model).spec
    tag = reference.tag or spec.default_recipe
    return find_pretrained(catalog.registries, f"{spec.name}.{tag}" if tag else spec.name)


def _check_owner(catalog: Catalog, reference: Named, folder: Path) -> None:
    """Checks that a checkpoint is of the named plugin's model, not of another's of that name."""
    owner = catalog.find(ModelSpec, reference.model).plugin.distribution
    actual = read_manifest(folder).run_config.plugins["model"]
    if actual != owner:
        other = reference._replace(owner=actual).full_name
        raise NotFoundError(
            f"no pretrained checkpoint {reference.full_name!r}; that of {actual}: {other}"
        )


def _pull(repo: HubRepo, entry: Pretrained | None) -> Path:
    from zoo_core.runtime.hub.pull import pull  # imports the Hub's client, which takes a while

    return pull(repo.repo, repo.revision, entry.files if entry else None).folder


def _packaged_folder(entry: Pretrained) -> Path:
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
