"""The upload folder of a push: weights, manifest, card, curve, history and recipe."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from zoo_core.errors import (
    IntegrityError,
    MisfitError,
    NotFoundError,
    PluginError,
)
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.recipe import recipe_text
from zoo_core.run_folder.local_paths import without_local_paths
from zoo_core.run_folder.manifest import (
    CARD,
    MANIFEST,
    WEIGHTS,
    Manifest,
    no_checkpoint,
    read_manifest,
    unfinished,
)
from zoo_core.run_folder.ownership import CURVE, HISTORY
from zoo_core.runtime.building.build import local_paths, make_dataset
from zoo_core.runtime.checkpoints.card import card, user_text
from zoo_core.runtime.checkpoints.checkpoint import read_checkpoint
from zoo_core.runtime.checkpoints.frontmatter import split_card
from zoo_core.runtime.checkpoints.license import NO_TERMS, Terms, terms_of
from zoo_core.runtime.checkpoints.pickle_guard import CONVERT, find_pickles
from zoo_core.runtime.checkpoints.tensors import all_finite
from zoo_core.storage.atomic import new_folder, write_file, write_new

RECIPE = "recipe.toml"


def build_upload_folder(
    catalog: Catalog,
    folder: Path,
    repo: str,
    target: Path,
    *,
    license: str = "",
) -> None:
    """Builds the upload folder of a checkpoint, complete or not at all.

    No file of it holds a path of this machine; base names replace those in a manifest of an older
    version.

    Args:
        catalog: The installed plugins.
        folder: The checkpoint.
        repo: ``owner/name``, for the usage section of the card.
        target: The upload folder; it must not exist yet.
        license: Licence of the weights; by default the dataset's.

    Raises:
        IntegrityError: The checkpoint is incomplete, or has weights that are not finite.
        MisfitError: The checkpoint is unfinished, or has pickled weights.
        NotFoundError: There is no such folder.
        TargetError: The target exists already, or cannot be written to.
    """
    check_pushable(folder)
    checkpoint = read_checkpoint(catalog, folder)
    if not checkpoint.finished:
        raise unfinished(folder)
    manifest = read_manifest(folder)
    if not all_finite(checkpoint.weights):
        raise IntegrityError(f"{folder} has weights that are infinite or not a number")
    files = {
        name: (folder / name).read_bytes()
        for name in (MANIFEST, WEIGHTS, HISTORY, CURVE)
        if (folder / name).exists()
    }
    run_config = without_local_paths(manifest.run_config, local_paths(catalog, manifest.run_config))
    if run_config != manifest.run_config:  # an older version wrote paths into the manifest
        manifest = replace(manifest, run_config=run_config)
        files[MANIFEST] = manifest.to_bytes()
    terms = _terms(catalog, manifest, license)
    text = user_text(_text(folder / CARD))
    files[CARD] = card(manifest, text, f"hub:{repo}", terms=terms).encode()
    # TOML has no escape for a byte of a path that is not UTF-8
    files[RECIPE] = recipe_text(manifest.run_config).encode(errors="replace")
    with new_folder(target) as temporary:
        for name, data in files.items():
            write_new(temporary / name, data)


def update_card(
    catalog: Catalog, upload: Path, repo: str, remote_card: str, license: str = ""
) -> None:
    """Carries the user's edits of the repo's card over to the card of an upload folder.

    The text that users wrote into the repo's card replaces the text of the checkpoint's card, if
    there is any. The licence and the other YAML keys of the repo's card are kept.

    Args:
        catalog: The installed plugins.
        upload: The upload folder.
        repo: ``owner/name``, for the usage section of the card.
        remote_card: The card that the repo has now.
        license: Licence of the weights; by default what the repo's card says, or the dataset's.

    Raises:
        TargetError: The card cannot be written.
    """
    manifest = read_manifest(upload)
    text = user_text(remote_card)
    if not text.strip():
        text = user_text(_text(upload / CARD))
    kept = split_card(remote_card)[0]
    if license:
        kept = {key: value for key, value in kept.items() if not key.startswith("license")}
    terms = _terms(catalog, manifest, license)
    updated = card(manifest, text, f"hub:{repo}", terms=terms, kept=kept)
    write_file(upload / CARD, updated.encode())


def _terms(catalog: Catalog, manifest: Manifest, license: str) -> Terms:
    """Returns the terms of the data; of a missing plugin, only a license that is given."""
    run_config, signature = manifest.run_config, manifest.signature
    try:
        dataset = make_dataset(catalog, run_config, signature.vocabulary, signature)
    except (NotFoundError, PluginError):
        terms = NO_TERMS
    else:
        terms = terms_of(catalog, run_config, dataset)
    return terms._replace(license=license) if license else terms


def check_pushable(folder: Path) -> None:
    """Checks that a folder is there and holds no pickle, nor a file that is named as one.

    Raises:
        MisfitError: It is or holds one; the message has the command that converts a pickle.
        NotFoundError: There is no such folder.
    """
    for path, is_pickle in find_pickles(folder):
        if not is_pickle:
            raise MisfitError(
                f"{path} is named as a pickle, which is never pushed: remove it, or rename it"
            )
        raise MisfitError(
            f"{path} is a pickle, which is never pushed: remove it, or convert it to "
            f"safetensors {CONVERT.format(name=path, weights=WEIGHTS)}"
        )
    if not folder.is_dir():
        raise no_checkpoint(folder)


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""
