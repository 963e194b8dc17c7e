"""The folder that a push sends: weights, manifest, card, curve, history, recipe."""

from __future__ import annotations

from pathlib import Path

from zoo_core.errors import IntegrityError, MisfitError, TargetError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.recipe import recipe_text
from zoo_core.run_folder.manifest import (
    CARD,
    MANIFEST,
    WEIGHTS,
    Manifest,
    read_manifest,
    unfinished,
)
from zoo_core.runtime.checkpoints.card import card, persons_text
from zoo_core.runtime.checkpoints.checkpoint import CURVE, HISTORY, read_checkpoint
from zoo_core.runtime.checkpoints.frontmatter import split_card
from zoo_core.runtime.checkpoints.license import Terms, terms_of
from zoo_core.runtime.checkpoints.pickle_guard import CONVERT, pickled
from zoo_core.runtime.checkpoints.tensors import all_finite
from zoo_core.storage.atomic import new_folder, write_file, write_new

RECIPE = "recipe.toml"


def stage(
    catalog: Catalog,
    folder: Path,
    repo: str,
    target: Path,
    *,
    license: str = "",
) -> None:
    """Builds the folder of a repo from a checkpoint, all of it or nothing.

    Args:
        catalog: What is installed.
        folder: The checkpoint.
        repo: ``owner/name``, for the card's usage.
        target: Where to; a folder that is new.
        license: Of the weights; by default the dataset's.

    Raises:
        IntegrityError: The checkpoint is not whole, or has weights that are not finite.
        MisfitError: It is unfinished, or pickled weights are there.
        TargetError: The target is there already, or cannot be written to.
    """
    _check_no_pickle(folder)
    checkpoint = read_checkpoint(catalog, folder)
    if not checkpoint.finished:
        raise unfinished(folder)
    manifest = read_manifest(folder)
    if not all_finite(checkpoint.weights):
        raise IntegrityError(f"{folder} has weights that are infinite or not a number")
    made = {
        name: (folder / name).read_bytes()
        for name in (MANIFEST, WEIGHTS, HISTORY, CURVE)
        if (folder / name).exists()
    }
    terms = _terms(catalog, manifest, license)
    own = persons_text(_text(folder / CARD))
    made[CARD] = card(manifest, own, f"hub:{repo}", terms=terms).encode()
    # TOML has no escape for a byte of a path that is not UTF-8
    made[RECIPE] = recipe_text(manifest.run_config).encode(errors="replace")
    with new_folder(target) as half:
        for name, data in made.items():
            write_new(half / name, data)


def renew_card(catalog: Catalog, staged: Path, repo: str, remote: str, license: str = "") -> None:
    """Writes what persons wrote into the repo's card into the one that is staged.

    Args:
        catalog: What is installed.
        staged: What ``stage`` built.
        repo: ``owner/name``, for the card's usage.
        remote: The card that the repo has now; its text stands, if it has any, in the place of
            what was written into the checkpoint's, and so do its license and further YAML.
        license: Of the weights; by default what the repo's card says, or the dataset.

    Raises:
        TargetError: It cannot be written.
    """
    manifest, theirs = read_manifest(staged), persons_text(remote)
    text = theirs if theirs.strip() else persons_text(_text(staged / CARD))
    kept = split_card(remote)[0]
    if license:
        kept = {key: value for key, value in kept.items() if not key.startswith("license")}
    terms = _terms(catalog, manifest, license)
    renewed = card(manifest, text, f"hub:{repo}", terms=terms, kept=kept)
    write_file(staged / CARD, renewed.encode())


def _terms(catalog: Catalog, manifest: Manifest, license: str) -> Terms:
    terms = terms_of(catalog, manifest.run_config)
    return terms._replace(license=license) if license else terms


def _check_no_pickle(folder: Path) -> None:
    """Says so if pickled weights are to be pushed."""
    if not folder.exists():
        raise TargetError(f"{folder} is no folder")
    if found := pickled(folder):
        raise MisfitError(
            f"{found[0]} is a pickle, which is never pushed: take it away, or turn it into "
            f"safetensors {CONVERT.format(name=found[0], weights=WEIGHTS)}"
        )


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""
