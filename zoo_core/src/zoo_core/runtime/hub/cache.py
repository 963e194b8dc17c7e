"""The Hub's own cache on disk: what the client library would have put there, and finds there.

``models--OWNER--NAME/blobs/ETAG`` holds the bytes, ``snapshots/COMMIT/FILE`` points to them,
``refs/REVISION`` names the commit that a branch meant last.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from huggingface_hub import constants

from zoo_core.runtime.hub.client import Commit
from zoo_core.storage.atomic import target_errors, write_file
from zoo_core.storage.hashes import git_hash, sha256


def snapshot_folder(commit: Commit) -> Path:
    """Where the files of a commit lie."""
    return _repo_folder(commit.repo) / "snapshots" / commit.sha


def commit_of(folder: Path) -> Commit | None:
    """The commit whose files a folder holds; None if it is none of the cache's."""
    repo = folder.parents[1]
    if folder != snapshot_folder(found := Commit("/".join(repo.name.split("--")[1:]), folder.name)):
        return None
    return found


def cached_commit(repo: str, revision: str) -> str:
    """The commit that a revision meant when it was last asked for; empty if it never was."""
    path = _repo_folder(repo) / "refs" / (revision or "main")
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return ""


def note_commit(repo: str, revision: str, sha: str) -> None:
    """Notes what a revision means now; a cache that cannot be written to is left alone."""
    path = _repo_folder(repo) / "refs" / (revision or "main")
    if revision == sha or cached_commit(repo, revision) == sha:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sha, "utf-8")
    except OSError:
        return


def store(commit: Commit, name: str, etag: str, file: Path) -> Path:
    """Moves a whole file into the cache.

    Returns:
        Where it lies now.

    Raises:
        TargetError: The cache cannot be written to.
    """
    blob = _repo_folder(commit.repo) / "blobs" / etag
    link = snapshot_folder(commit) / name
    fresh = link.with_name(f".{name}.{secrets.token_hex(4)}.tmp")
    with target_errors(link):
        for folder in (blob.parent, link.parent):
            folder.mkdir(parents=True, exist_ok=True)
        _move(file, blob)
        try:
            fresh.symlink_to(os.path.relpath(blob, link.parent))
            fresh.replace(link)
        except (OSError, NotImplementedError):  # a platform without links
            write_file(link, blob.read_bytes())
    return link


def unspoilt(path: Path) -> bool:
    """Whether a file is in the cache as it came, as far as the name of its blob tells."""
    try:
        name = path.resolve(strict=True).name
        return {40: git_hash, 64: sha256}.get(len(name), lambda _: name)(path) == name
    except OSError:
        return False


def _move(file: Path, blob: Path) -> None:
    """All of a file or nothing, to another file system too."""
    try:
        file.replace(blob)
    except OSError:
        write_file(blob, file.read_bytes())
        file.unlink()


def _repo_folder(repo: str) -> Path:
    return Path(constants.HF_HUB_CACHE) / f"models--{repo.replace('/', '--')}"
