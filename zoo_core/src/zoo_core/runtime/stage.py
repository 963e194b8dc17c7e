"""The folder that a push sends: weights, manifest, card, curve, history, recipe."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zoo_core.catalog import Catalog
from zoo_core.errors import IntegrityError, MisfitError, TargetError
from zoo_core.files import refusing, write_file
from zoo_core.manifest import MANIFEST, WEIGHTS, read_manifest
from zoo_core.recipes import TABLES
from zoo_core.runtime.card import card, persons_text
from zoo_core.runtime.checkpoint import CARD, CURVE, HISTORY, read_checkpoint
from zoo_core.runtime.pickled import about_pickles
from zoo_core.runtime.tensors import all_finite

RECIPE = "recipe.toml"


def stage(catalog: Catalog, folder: Path, repo: str, target: Path, remote_card: str = "") -> None:
    """Builds the folder of a repo from a checkpoint.

    Args:
        catalog: What is installed.
        folder: The checkpoint.
        repo: ``owner/name``, for the card's usage.
        target: Where to; replaced if it is there.
        remote_card: The card that the repo has now; what a person wrote into it is kept.

    Raises:
        IntegrityError: The checkpoint is not whole, or has weights that are not finite.
        MisfitError: It is unfinished, or holds pickled weights.
        TargetError: The target cannot be written to.
    """
    _refuse_pickle(folder)
    manifest = read_manifest(folder)
    checkpoint = read_checkpoint(catalog, folder)
    if not checkpoint.finished:
        raise MisfitError(f"{folder} is unfinished: zoo resume {folder}")
    if not all_finite(checkpoint.weights):
        raise IntegrityError(f"{folder} has weights that are infinite or not a number")
    own = persons_text(_text(folder / CARD))
    theirs = persons_text(remote_card) if remote_card else ""
    kept = own if theirs.strip() in own else f"{own}\n{theirs}" if own.strip() else theirs
    with refusing(target):
        shutil.rmtree(target, ignore_errors=True)
        target.mkdir(parents=True)
        for name in (WEIGHTS, HISTORY, CURVE):
            if (folder / name).exists():
                shutil.copyfile(folder / name, target / name)
    write_file(target / CARD, card(manifest, kept, place=f"hub:{repo}").encode())
    write_file(target / RECIPE, recipe_text(manifest.plan.to_json()).encode())
    write_file(target / MANIFEST, (folder / MANIFEST).read_bytes())


def recipe_text(plan: Mapping[str, Any]) -> str:
    """A plan in the form of a recipe, which ``zoo train --config`` reads."""
    import tomli_w

    tables: dict[str, Any] = {"seed": plan["seed"]}
    for section in TABLES:
        name = {} if section == "model" else {"name": plan[section]}
        values = plan["configs"][section].items()
        tables[section] = name | {k: "none" if v is None else v for k, v in values}
    return tomli_w.dumps(tables)


def _refuse_pickle(folder: Path) -> None:
    if not folder.is_dir():
        raise TargetError(f"{folder} is no folder")
    if said := about_pickles(folder):
        raise MisfitError(said)


def _text(path: Path) -> str:
    return path.read_text("utf-8") if path.exists() else ""
