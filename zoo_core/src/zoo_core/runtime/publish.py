"""Publishing a checkpoint: staged, pushed, and pinned by an entry for the registry."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import NamedTuple, final

from filelock import FileLock

from zoo_core.catalog import Catalog
from zoo_core.errors import NetworkError
from zoo_core.files import refusing
from zoo_core.home import zoo_home
from zoo_core.manifest import read_manifest
from zoo_core.registry_entry import make_entry
from zoo_core.registry_file import Pretrained
from zoo_core.runtime.checkpoint import CARD
from zoo_core.runtime.frontmatter import split_card
from zoo_core.runtime.push import Pushed, push, remote_card
from zoo_core.runtime.stage import stage


@final
class Published(NamedTuple):
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
) -> Published:
    """Stages a checkpoint and pushes it; what was staged is kept if the push fails.

    Args:
        catalog: What is installed.
        folder: The checkpoint.
        repo: ``owner/name``.
        name: ``model.tag`` for the entry; by default its recipe, or its model and dataset.
        license: Of the weights; by default what the repo's card says, or the dataset.
        revision: See ``push``.
        private: See ``push``.
        create_pr: See ``push``.

    Raises:
        IntegrityError: The checkpoint is not whole, or has weights that are not finite.
        MisfitError: It is unfinished, or pickled weights are there.
        NetworkError: The Hub cannot be reached or refuses; says where the stage is.
    """
    staged = staging_folder(repo)
    with refusing(staged.parent):
        staged.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{staged}.lock"):
        stage_anew(catalog, folder, repo, staged, license=license)
        try:
            if card := remote_card(repo, revision):
                stage_anew(catalog, folder, repo, staged, card=card, license=license)
            pushed = push(staged, repo, revision=revision, private=private, create_pr=create_pr)
        except NetworkError as error:
            raise NetworkError(f"{error}; what was built is in {staged}") from None
        entry = make_entry(
            staged,
            f"hub:{pushed.commit.repo}",
            revision=pushed.commit.sha,
            license=_license(staged),
            name=name or _name(staged),
        )
        shutil.rmtree(staged, ignore_errors=True)
    return Published(pushed, entry)


def stage_anew(
    catalog: Catalog, folder: Path, repo: str, staged: Path, *, card: str = "", license: str = ""
) -> None:
    """Stages in the place of an earlier stage; see ``stage``."""
    shutil.rmtree(staged, ignore_errors=True)
    stage(catalog, folder, repo, staged, remote_card=card, license=license)


def staging_folder(repo: str) -> Path:
    """Where a repo's folder is built if no other place is named."""
    return zoo_home() / "pushes" / repo.replace("/", "--")


def _name(folder: Path) -> str:
    plan = read_manifest(folder).plan
    return plan.recipe or f"{plan.model}.{plan.dataset}"


def _license(folder: Path) -> str:
    """What the card in a folder says."""
    said = split_card((folder / CARD).read_text("utf-8"))[0]
    return str(said.get("license_name") or said.get("license") or "other")
