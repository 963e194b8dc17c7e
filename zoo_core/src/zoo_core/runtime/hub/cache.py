"""The Hub's cache on disk, in the layout of the client library.

``models--OWNER--NAME/blobs/ETAG`` holds the bytes, ``snapshots/COMMIT/FILE`` is a link to them,
``refs/REVISION`` names the commit that a branch meant when it was last resolved.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from huggingface_hub import constants

from zoo_core.runtime.hub.client import Commit
from zoo_core.storage.atomic import target_errors, write_file
from zoo_core.storage.hashes import git_hash, sha256

SHA1_DIGITS, SHA256_DIGITS = 40, 64


def snapshot_folder(commit: Commit) -> Path:
    """The folder of a commit's files."""
    return _repo_folder(commit.repo) / "snapshots" / commit.sha


def commit_of(folder: Path) -> Commit | None:
    """The commit whose snapshot folder a folder is; None for any other folder."""
    repo = "/".join(folder.parents[1].name.split("--")[1:])
    commit = Commit(repo, folder.name)
    return commit if folder == snapshot_folder(commit) else None


def read_ref(repo: str, revision: str) -> str:
    """The commit that a revision meant when it was last resolved; empty if it never was."""
    path = _repo_folder(repo) / "refs" / (revision or "main")
    try:
        return path.read_text("utf-8").strip()
    except OSError:
        return ""


def write_ref(repo: str, revision: str, sha: str) -> None:
    """Records the commit that a revision means now; does nothing in a read-only cache."""
    path = _repo_folder(repo) / "refs" / (revision or "main")
    if revision == sha or read_ref(repo, revision) == sha:
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(sha, "utf-8")
    except OSError:
        return


def store(commit: Commit, name: str, etag: str, file: Path) -> Path:
    """Moves a complete file into the cache.

    Args:
        commit: The commit that the file belongs to.
        name: The file's name in the repo.
        etag: The name of its blob.
        file: The file.

    Returns:
        Its path in the cache.

    Raises:
        TargetError: The cache cannot be written to.
    """
    blob = _repo_folder(commit.repo) / "blobs" / etag
    link = snapshot_folder(commit) / name
    new_link = link.with_name(f".{name}.{secrets.token_hex(4)}.tmp")
    with target_errors(link):
        for folder in (blob.parent, link.parent):
            folder.mkdir(parents=True, exist_ok=True)
        _move(file, blob)
        try:
            new_link.symlink_to(os.path.relpath(blob, link.parent))
            new_link.replace(link)
        except (OSError, NotImplementedError):  # a platform without links
            write_file(link, blob.read_bytes())
    return link


def is_intact(path: Path) -> bool:
    """Whether a cached file is unchanged, judged by its blob's name if that is a hash."""
    try:
        etag = path.resolve(strict=True).name
        if len(etag) == SHA1_DIGITS:
            return git_hash(path) == etag
        if len(etag) == SHA256_DIGITS:
            return sha256(path) == etag
    except OSError:
        return False
    return True


def _move(file: Path, blob: Path) -> None:
    """Moves a file as a whole, to another file system too."""
    try:
        file.replace(blob)
    except OSError:
        write_file(blob, file.read_bytes())
        file.unlink()


def _repo_folder(repo: str) -> Path:
    return Path(constants.HF_HUB_CACHE) / f"models--{repo.replace('/', '--')}"
