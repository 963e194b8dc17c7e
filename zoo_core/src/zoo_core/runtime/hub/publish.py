"""Publishing a checkpoint: its upload folder, the push, and the registry entry that pins it."""

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
from zoo_core.runtime.hub.push import PushResult, open_branch, push, read_card
from zoo_core.runtime.hub.upload_folder import build_upload_folder, update_card
from zoo_core.storage.atomic import target_errors
from zoo_core.storage.locations import zoo_home
from zoo_core.storage.locks import file_lock


@final
class Publication(NamedTuple):
    """A published checkpoint.

    Args:
        pushed: The outcome of the push.
        entry: The registry entry that pins the commit.
    """

    pushed: PushResult
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
    """Builds the upload folder of a checkpoint and pushes it.

    If the push fails, the upload folder stays, and a later push continues from it.

    Args:
        catalog: The installed plugins.
        folder: The checkpoint.
        repo: ``owner/name``.
        name: ``model.tag`` of the entry; by default the recipe, or the model and the dataset.
        license: Licence of the weights; by default what the repo's card says, or the dataset's.
        revision: The branch, made if it is missing; empty for the main one.
        private: Whether a new repo is private.
        create_pr: Open a pull request instead of pushing to the branch.

    Raises:
        IntegrityError: The checkpoint is incomplete, or has weights that are not finite.
        MisfitError: The checkpoint is unfinished or has pickled weights, or the repo is public and
            ``private`` is asked for.
        NetworkError: The Hub cannot be reached or refuses; the message names the upload folder.
        NotFoundError: There is no such owner or branch; the message names the upload folder.
    """
    upload = upload_folder(repo)
    with target_errors(upload.parent):
        upload.parent.mkdir(parents=True, exist_ok=True)
    with file_lock(upload):
        rebuild_upload_folder(catalog, folder, repo, upload, license=license)
        try:
            parent = open_branch(repo, revision=revision, private=private)
            if card := read_card(parent):
                update_card(catalog, upload, repo, card, license)
            source = f"hub:{parent.repo}"
            entry_name = name or _default_name(upload)
            entry = make_entry(upload, source, license=license_of(upload), name=entry_name)
            pushed = push(upload, parent, revision=revision, create_pr=create_pr)
        except (NetworkError, NotFoundError) as error:
            raise type(error)(f"{error}; what was built is in {upload}") from None
        shutil.rmtree(upload, ignore_errors=True)
    return Publication(pushed, entry._replace(revision=pushed.commit.sha))


def rebuild_upload_folder(
    catalog: Catalog, folder: Path, repo: str, target: Path, *, license: str = ""
) -> None:
    """Replaces an earlier upload folder by a new one; see ``build_upload_folder``."""
    shutil.rmtree(target, ignore_errors=True)
    build_upload_folder(catalog, folder, repo, target, license=license)


def upload_folder(repo: str) -> Path:
    """The default place of a repo's upload folder."""
    return zoo_home() / "pushes" / repo.replace("/", "--")


def _default_name(folder: Path) -> str:
    run_config = read_manifest(folder).run_config
    return run_config.recipe or f"{run_config.model}.{run_config.dataset}"
