"""The contents of a Hub: repos, branches, commits and files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from typing import Any, final

LARGE = (".safetensors", ".png")
"""Endings of the files that lie in large file storage."""


@final
@dataclass
class Repo:
    """A repo: the files of its commits by hash, and the commits of its branches."""

    name: str
    private: bool = False
    gated: bool = False
    moved: str = ""
    redirects: bool = False
    commits: dict[str, dict[str, bytes]] = field(default_factory=dict)
    branches: dict[str, str] = field(default_factory=dict)

    def commit(self, files: dict[str, bytes], branch: str = "main") -> str:
        """Adds a commit to a branch; its hash depends on its files and on the earlier commits."""
        listed = repr((len(self.commits), branch, sorted(files.items())))
        sha = hashlib.sha1(listed.encode()).hexdigest()
        self.commits[sha] = files
        self.branches[branch] = sha
        return sha

    def find(self, revision: str) -> str | None:
        """The commit that a revision means."""
        return revision if revision in self.commits else self.branches.get(revision)


def is_large(path: str) -> bool:
    """Whether a file is in the storage of large files."""
    return path.endswith(LARGE)


def git_hash(data: bytes) -> str:
    """The hash of a git blob."""
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


def sha256(data: bytes) -> str:
    """The sha256 of some bytes."""
    return hashlib.sha256(data).hexdigest()


def record(path: str, data: bytes) -> dict[str, Any]:
    """A file as ``paths-info`` describes it."""
    description: dict[str, Any] = {
        "type": "file",
        "path": path,
        "size": len(data),
        "oid": git_hash(data),
    }
    if is_large(path):
        description["lfs"] = {"oid": sha256(data), "size": len(data), "pointerSize": 130}
    return description
