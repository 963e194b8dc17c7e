"""Pushing a staged checkpoint to the Hub: one commit, made once, or nothing."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import NamedTuple, final

from huggingface_hub import CommitOperationAdd, HfApi, constants

from zoo_core.errors import NetworkError, NotFoundError
from zoo_core.runtime.checkpoint import CARD
from zoo_core.runtime.hub import Commit, RemoteRecord, asking, list_files, read_text, resolve


@final
class Pushed(NamedTuple):
    """What a push made.

    Args:
        commit: Where the files are now.
        url: The page of the commit, or of the pull request.
        new: Whether a commit was made; not if everything was there.
    """

    commit: Commit
    url: str
    new: bool


def remote_card(repo: str, revision: str) -> str:
    """The card that a repo has; empty if there is no such repo, or none in it."""
    try:
        return read_text(resolve(repo, revision), CARD)
    except NotFoundError:
        return ""


def push(
    folder: Path, repo: str, *, revision: str = "", private: bool = False, create_pr: bool = False
) -> Pushed:
    """Sends a staged folder as one commit on top of what the branch is now.

    What the repo has already is not sent; if that is all, no commit is made. A commit whose answer
    was lost is found again, and not made twice.

    Args:
        folder: What ``stage`` built.
        repo: ``owner/name``; made if it is not there.
        revision: The branch, made if it is not there; empty for the main one.
        private: Whether a new repo is private.
        create_pr: Open a pull request instead of pushing to the branch.

    Raises:
        NetworkError: The Hub cannot be reached or refuses, or somebody else has pushed meanwhile.
    """
    asking(repo, lambda: HfApi().create_repo(repo, private=private, exist_ok=True))
    before = _head(repo, revision)
    changed = _changed(folder, before)
    if not changed:
        return Pushed(before, _page(before), new=False)
    try:
        return asking(repo, lambda: _commit(folder, changed, before, revision, create_pr))
    except NetworkError:
        after = None if create_pr else resolve(repo, revision)
        if after and after.sha != before.sha and not _changed(folder, after):
            return Pushed(after, _page(after), new=True)
        raise


def _head(repo: str, revision: str) -> Commit:
    """What the branch is now; a branch that is not there is made from the main one."""
    try:
        return resolve(repo, revision)
    except NotFoundError:
        if not revision:
            raise
    asking(repo, lambda: HfApi().create_branch(repo, branch=revision, exist_ok=True))
    return resolve(repo, revision)


def _changed(folder: Path, commit: Commit) -> list[str]:
    """The files of the folder that the commit has not, or has otherwise."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    there = list_files(commit, names)
    return [name for name in names if not _same(folder / name, there.get(name))]


def _same(path: Path, record: RemoteRecord | None) -> bool:
    if record is None:
        return False
    data = path.read_bytes()
    if record.sha256:
        return hashlib.sha256(data).hexdigest() == record.sha256
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest() == record.blob


def _commit(
    folder: Path, names: list[str], parent: Commit, revision: str, create_pr: bool
) -> Pushed:
    made = HfApi().create_commit(
        parent.repo,
        [CommitOperationAdd(name, folder / name) for name in names],
        commit_message="Upload a checkpoint of the zoo",
        revision=revision or None,
        create_pr=create_pr,
        parent_commit=parent.sha,
    )
    url = made.pr_url or made.commit_url
    return Pushed(Commit(parent.repo, made.oid), url, new=True)


def _page(commit: Commit) -> str:
    return f"{constants.ENDPOINT}/{commit.repo}/commit/{commit.sha}"
