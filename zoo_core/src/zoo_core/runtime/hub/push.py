"""Pushing a checkpoint to the Hub as one commit, which is made once or not at all."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import NamedTuple, final

from huggingface_hub import CommitOperationAdd, HfApi, constants

from zoo_core.errors import AnswerError, MisfitError, NetworkError, NotFoundError
from zoo_core.run_folder.manifest import CARD, MAX_TEXT_BYTES
from zoo_core.runtime.hub.client import (
    Commit,
    RemoteRecord,
    call_hub,
    checked_answer,
    is_private,
    list_files,
    read_text,
    resolve,
)

MAX_PULL_REQUESTS = 20
"""How many of the latest pull requests are searched for one with the same files."""


@final
class PushResult(NamedTuple):
    """The outcome of a push.

    Args:
        commit: The commit that holds the files.
        url: The page of the commit, or of the pull request.
        new: Whether this push made the commit; false if the repo had every file.
    """

    commit: Commit
    url: str
    new: bool


def open_branch(repo: str, *, revision: str = "", private: bool = False) -> Commit:
    """Returns the head of a branch; makes the repo, and the branch from main, if they are missing.

    Args:
        repo: ``owner/name``.
        revision: The branch; empty for the main one.
        private: Whether a new repo is private.

    Raises:
        MisfitError: The repo is public, and ``private`` is asked for.
        NetworkError: The Hub cannot be reached or refuses.
    """
    with contextlib.suppress(AnswerError):  # the next answer tells whether the repo exists
        call_hub(repo, lambda: HfApi().create_repo(repo, private=private, exist_ok=True))
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
    with contextlib.suppress(AnswerError):
        call_hub(repo, lambda: HfApi().create_branch(repo, branch=revision, exist_ok=True))
    return resolve(repo, revision)


def read_card(commit: Commit) -> str:
    """The model card of a commit; empty if it has none."""
    try:
        return read_text(commit, CARD, MAX_TEXT_BYTES).replace("\r\n", "\n")
    except NotFoundError:
        return ""


def push(
    folder: Path, parent: Commit, *, revision: str = "", create_pr: bool = False
) -> PushResult:
    """Pushes an upload folder as one commit.

    Files that the repo has already are not sent; no commit is made if it has all of them. A commit
    or pull request whose answer was lost is found again instead of made twice.

    Args:
        folder: What ``build_upload_folder`` built.
        parent: The head of the branch, as ``open_branch`` returned it.
        revision: The branch; empty for the main one.
        create_pr: Open a pull request instead of pushing to the branch.

    Raises:
        NetworkError: The Hub cannot be reached or refuses, or somebody else has pushed meanwhile.
    """
    changed = _changed_files(folder, parent)
    if not changed:
        return PushResult(parent, _page(parent), new=False)
    attempts = 0

    def find_earlier() -> PushResult | None:
        """The commit that an earlier attempt made although its answer was lost."""
        with contextlib.suppress(NetworkError, NotFoundError):
            if create_pr:
                return _find_pull_request(folder, parent)
            return _find_commit(folder, parent, revision)
        return None

    def attempt() -> PushResult:
        nonlocal attempts
        attempts += 1
        # a pull request may also be that of an earlier command
        earlier = find_earlier() if create_pr or attempts > 1 else None
        return earlier or _commit(folder, changed, parent, revision, create_pr)

    try:
        pushed = call_hub(parent.repo, attempt)
    except NetworkError:
        if earlier := find_earlier():
            return earlier
        raise
    if lost := _changed_files(folder, pushed.commit):  # the Hub may ignore files of some names
        raise NetworkError(
            f"{parent.repo}: the Hub made commit {pushed.commit.sha} without {', '.join(lost)}"
        )
    return pushed


def _find_commit(folder: Path, parent: Commit, revision: str) -> PushResult | None:
    """The head of the branch, if it is new and holds the folder's files."""
    head = resolve(parent.repo, revision)
    if head.sha == parent.sha or _changed_files(folder, head):
        return None
    return PushResult(head, _page(head), new=True)


def _find_pull_request(folder: Path, parent: Commit) -> PushResult | None:
    """The pull request that holds the folder's files, among the latest ones."""
    refs = call_hub(
        parent.repo,
        lambda: HfApi().list_repo_refs(parent.repo, include_pull_requests=True),
    )
    for pull_request in (refs.pull_requests or [])[-MAX_PULL_REQUESTS:]:
        commit = _commit_of(parent, pull_request.target_commit)
        if not _changed_files(folder, commit):
            number = pull_request.ref.rpartition("/")[2]
            url = f"{constants.ENDPOINT}/{parent.repo}/discussions/{number}"
            return PushResult(commit, url, new=False)
    return None


def _changed_files(folder: Path, commit: Commit) -> list[str]:
    """The files of the folder that the commit lacks, or that differ there."""
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    records = list_files(commit, names)
    return [name for name in names if not _is_same(folder / name, records.get(name))]


def _is_same(path: Path, record: RemoteRecord | None) -> bool:
    return record is not None and not record.mismatch(path)


def _commit(
    folder: Path, names: list[str], parent: Commit, revision: str, create_pr: bool
) -> PushResult:
    commit = HfApi().create_commit(
        parent.repo,
        [CommitOperationAdd(name, folder / name) for name in names],
        commit_message="Upload a checkpoint of the zoo",
        revision=revision or None,
        create_pr=create_pr,
        parent_commit=parent.sha,
    )
    pushed = _commit_of(parent, commit.oid)
    return PushResult(pushed, commit.pr_url or _page(pushed), new=True)


def _commit_of(parent: Commit, sha: object) -> Commit:
    return checked_answer(Commit, {"repo": parent.repo, "sha": sha}, parent.repo)


def _page(commit: Commit) -> str:
    return f"{constants.ENDPOINT}/{commit.repo}/commit/{commit.sha}"
