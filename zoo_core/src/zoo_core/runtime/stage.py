"""The folder that a push sends: weights, manifest, card, curve, history, recipe."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo_core.catalog import Catalog
from zoo_core.errors import IntegrityError, MisfitError, TargetError
from zoo_core.files import new_folder, write_new
from zoo_core.manifest import CARD, MANIFEST, WEIGHTS, Manifest, read_manifest
from zoo_core.recipes import TABLES
from zoo_core.runtime.card import card, persons_text
from zoo_core.runtime.checkpoint import CURVE, HISTORY, read_checkpoint
from zoo_core.runtime.frontmatter import Terms, split_card, terms_of
from zoo_core.runtime.pickled import CONVERT, pickled
from zoo_core.runtime.tensors import all_finite

RECIPE = "recipe.toml"


def stage(
    catalog: Catalog,
    folder: Path,
    repo: str,
    target: Path,
    *,
    remote_card: str = "",
    license: str = "",
) -> None:
    """Builds the folder of a repo from a checkpoint, all of it or nothing.

    Args:
        catalog: What is installed.
        folder: The checkpoint.
        repo: ``owner/name``, for the card's usage.
        target: Where to; a folder that is new.
        remote_card: The card that the repo has now; what a person wrote into it stands, in the
            place of what was written into the checkpoint's.
        license: Of the weights; by default what the repo's card says, or the dataset.

    Raises:
        IntegrityError: The checkpoint is not whole, or has weights that are not finite.
        MisfitError: It is unfinished, or pickled weights are there.
        TargetError: The target is there already, or cannot be written to.
    """
    _refuse_pickle(folder)
    manifest = read_manifest(folder)
    checkpoint = read_checkpoint(catalog, folder)
    if not checkpoint.finished:
        raise MisfitError(f"{folder} is unfinished: zoo resume {folder}")
    if not all_finite(checkpoint.weights):
        raise IntegrityError(f"{folder} has weights that are infinite or not a number")
    terms = terms_of(catalog, manifest.plan)
    made = {
        name: (folder / name).read_bytes()
        for name in (MANIFEST, WEIGHTS, HISTORY, CURVE)
        if (folder / name).exists()
    }
    made[CARD] = _card(manifest, _text(folder / CARD), remote_card, repo, terms, license).encode()
    made[RECIPE] = recipe_text(manifest.plan.to_json()).encode()
    with new_folder(target) as half:
        for name, data in made.items():
            write_new(half / name, data)


def recipe_text(plan: Mapping[str, Any]) -> str:
    """A plan in the form of a recipe, which ``zoo train --config`` reads."""
    import tomli_w

    tables: dict[str, Any] = {"seed": plan["seed"]}
    for section in TABLES:
        name = {} if section == "model" else {"name": plan[section]}
        values = plan["configs"][section].items()
        tables[section] = name | {k: "none" if v is None else v for k, v in values}
    return tomli_w.dumps(tables)


def _card(manifest: Manifest, own: str, remote: str, repo: str, terms: Terms, license: str) -> str:
    """The card for the repo, with what a person wrote into the repo's, or else into this one."""
    text = persons_text(remote) if persons_text(remote).strip() else persons_text(own)
    kept = split_card(remote)[0]
    if license:
        terms = terms._replace(license=license)
        kept = {key: value for key, value in kept.items() if not key.startswith("license")}
    return card(manifest, text, f"hub:{repo}", terms=terms, kept=kept)


def _refuse_pickle(folder: Path) -> None:
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
