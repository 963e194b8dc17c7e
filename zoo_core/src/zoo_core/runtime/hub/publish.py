"""Publishing a checkpoint: staged, pushed, and pinned by an entry for the registry."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple, final

from zoo_core.errors import NetworkError, NotFoundError
from zoo_core.plugins.catalog import Catalog
from zoo_core.registry.entry import make_entry
from zoo_core.registry.file import Pretrained
from zoo_core.run_folder.manifest import read_manifest
from zoo_core.runtime.checkpoints.frontmatter import license_of
from zoo_core.runtime.hub.push import Pushed, card_of, open_branch, push
from zoo_core.runtime.hub.upload_folder import renew_card, stage
from zoo_core.storage.atomic import target_errors, waiting_for
from zoo_core.storage.locations import zoo_home


@final
class Publication(NamedTuple):
    """What publishing made.

    Args:
        pushed: The commit.
        entry: What pins it.
    """

    pushed: Pushed
    entry: Pretrained


def publish(
    catalog: Catalog,
    folder: Path,
    repo: str,
    *,
    name: str = "",
    license: str = "",
    revision: str = "",
    private: bool = False,
    create_pr: bool = False,
) -> Publication:
    """Stages a checkpoint and pushes it; what was staged is kept if the push fails.

    Args:
        catalog: What is installed.
        folder: The checkpoint.
        repo: ``owner/name``.
        name: ``model.tag`` for the entry; by default its recipe, or its model and dataset.
        license: Of the weights; by default what the repo's card says, or the dataset.
        revision: The branch, made if it is not there; empty for the main one.
        private: Whether a new repo is private.
        create_pr: Open a pull request instead of pushing to the branch.

    Raises:
        IntegrityError: The checkpoint is not whole, or has weights that are not finite.
        MisfitError: It is unfinished, pickled weights are there, or what is to be private is not.
        NetworkError: The Hub cannot be reached or refuses; says where the stage is.
        NotFoundError: There is no such owner or branch; says so too.
    """
    staged = staging_folder(repo)
    with target_errors(staged.parent):
        staged.parent.mkdir(parents=True, exist_ok=True)
    with waiting_for(staged):
        stage_anew(catalog, folder, repo, staged, license=license)
        try:
            before = open_branch(repo, revision=revision, private=private)
            if card := card_of(before):
                renew_card(catalog, staged, repo, card, license)
            source, named = f"hub:{before.repo}", name or _name(staged)
            entry = make_entry(staged, source, license=license_of(staged), name=named)
            pushed = push(staged, before, revision=revision, create_pr=create_pr)
        except (NetworkError, NotFoundError) as error:
            raise type(error)(f"{error}; what was built is in {staged}") from None
        shutil.rmtree(staged, ignore_errors=True)
    return Publication(pushed, entry._replace(revision=pushed.commit.sha))


def stage_anew(
    catalog: Catalog, folder: Path, repo: str, staged: Path, *, license: str = ""
) -> None:
    """Stages in the place of an earlier stage; see ``stage``."""
    shutil.rmtree(staged, ignore_errors=True)
    stage(catalog, folder, repo, staged, license=license)


def staging_folder(repo: str) -> Path:
    """Where a repo's folder is built if no other place is named."""
    return zoo_home() / "pushes" / repo.replace("/", "--")


def _name(folder: Path) -> str:
    run_config = read_manifest(folder).run_config
    return run_config.recipe or f"{run_config.model}.{run_config.dataset}"
