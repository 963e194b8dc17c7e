"""Pushing a staged checkpoint to the Hub: one commit, made once, or nothing."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple, final

from huggingface_hub import CommitOperationAdd, HfApi, constants

from zoo_core.errors import MisfitError, NetworkError, NotFoundError
from zoo_core.run_folder.manifest import CARD, LARGEST_TEXT
from zoo_core.runtime.hub.client import (
    Commit,
    RemoteRecord,
    asking,
    is_private,
    list_files,
    read_text,
    resolve,
)

LATEST = 20
"""So many pull requests are looked through for one that was made before."""


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


def open_branch(repo: str, *, revision: str = "", private: bool = False) -> Commit:
    """What a branch is now; a repo that is not there is made, and a branch from the main one.

    Args:
        repo: ``owner/name``.
        revision: The branch; empty for the main one.
        private: Whether a new repo is private.

    Raises:
        MisfitError: The repo is to be private, and is public.
        NetworkError: The Hub cannot be reached or refuses.
    """
    asking(repo, lambda: HfApi().create_repo(repo, private=private, exist_ok=True))
    if private and not is_private(repo):
        raise MisfitError(
            f"{repo} is public already; make it private on {constants.ENDPOINT}/{repo}/settings, "
            "or push without --private"
        )
    try:
        return resolve(repo, revision)
    except NotFoundError:
        if not revision:
            raise
    asking(repo, lambda: HfApi().create_branch(repo, branch=revision, exist_ok=True))
    return resolve(repo, revision)


def card_of(commit: Commit) -> str:
    """The card of a commit; empty if it has none."""
    try:
        return read_text(commit, CARD, LARGEST_TEXT).replace("\r\n", "\n")
    except NotFoundError:
        return ""


def push(folder: Path, before: Commit, *, revision: str = "", create_pr: bool = False) -> Pushed:
    """Sends a staged folder as one commit on top of another.

    What the repo has already is not sent; if that is all, no commit is made. A commit or a pull
    request whose answer was lost is found again, and not made twice.

    Args:
        folder: What ``stage`` built.
        before: What the branch was when it was opened.
        revision: The branch; empty for the main one.
        create_pr: Open a pull request instead of pushing to the branch.

    Raises:
        NetworkError: The Hub cannot be reached or refuses, or somebody else has pushed meanwhile.
    """
    changed = _changed(folder, before)
    if not changed:
        return Pushed(before, _page(before), new=False)
    tries = 0

    def made() -> Pushed | None:
        """What an earlier try made although its answer was lost."""
        with contextlib.suppress(NetworkError, NotFoundError):
            return _request(folder, before) if create_pr else _pushed(folder, before, revision)
        return None

    def once() -> Pushed:
        nonlocal tries
        tries += 1
        known = made() if create_pr or tries > 1 else None
        return known or _commit(folder, changed, before, revision, create_pr)

    try:
        return asking(before.repo, once)
    except NetworkError:
        if known := made():
            return known
        raise


def _pushed(folder: Path, before: Commit, revision: str) -> Pushed | None:
    """What was made of the branch meanwhile, if it is what the folder holds."""
    after = resolve(before.repo, revision)
    if after.sha == before.sha or _changed(folder, after):
        return None
    return Pushed(after, _page(after), new=True)


def _request(folder: Path, before: Commit) -> Pushed | None:
    """The pull request that holds what the folder holds, among the latest ones."""
    refs = asking(
        before.repo,
        lambda: HfApi().list_repo_refs(before.repo, include_pull_requests=True),
    )
    for each in (refs.pull_requests or [])[-LATEST:]:
        commit = Commit(before.repo, each.target_commit)
        if not _changed(folder, commit):
            number = each.ref.rpartition("/")[2]
            url = f"{constants.ENDPOINT}/{before.repo}/discussions/{number}"
            return Pushed(commit, url, new=False)
    return None


def _changed(folder: Path, commit: Commit) -> list[str]:
    """The files of the folder that the commit has not, or has otherwise."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    there = list_files(commit, names)
    return [name for name in names if not _same(folder / name, there.get(name))]


def _same(path: Path, record: RemoteRecord | None) -> bool:
    return record is not None and not record.wrong(path)


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
