"""Pulling a checkpoint from the Hub: pinned to a commit, every byte checked."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, final

from filelock import FileLock

from zoo_core.downloads import RemoteFile, listener
from zoo_core.errors import IntegrityError, NetworkError, NotFoundError, TargetError
from zoo_core.files import refusing
from zoo_core.header import read_header
from zoo_core.home import zoo_home
from zoo_core.manifest import MANIFEST, WEIGHTS, Manifest, parse_manifest, read_manifest
from zoo_core.registry_file import COMMIT, FileRecord
from zoo_core.runtime.hub import Commit, RemoteRecord, list_files, locate_file, read_text, resolve
from zoo_core.runtime.hubcache import cached_commit, note_commit, snapshot_folder, store
from zoo_core.transfer import transfer

CARD = "README.md"
WANTED = (MANIFEST, WEIGHTS, CARD)
"""Nothing else of a repo is ever fetched: no code, no pickle."""
LARGEST_TEXT = 16_000_000
"""Bytes beyond which a manifest or a card is refused."""


@final
class Pulled(NamedTuple):
    """A checkpoint that was pulled.

    Args:
        folder: Where it lies.
        commit: The repo's name today, and the commit.
        remark: What a person should know; mostly nothing.
    """

    folder: Path
    commit: Commit
    remark: str


def pull(repo: str, revision: str, pinned: Mapping[str, FileRecord] | None = None) -> Pulled:
    """The checkpoint of a repo in the Hub's cache, downloaded as far as it is not there.

    Args:
        repo: ``owner/name``.
        revision: A commit, branch or tag; empty for the main branch.
        pinned: Size and sha256 of files, where a registry pins them.

    Raises:
        IntegrityError: A file is not what the registry or the Hub says, or no checkpoint's.
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: There is no such repo, revision or checkpoint.
    """
    commit, remark = _commit(repo, revision)
    folder = snapshot_folder(commit)
    if not _sound(folder, pinned):
        records = list_files(commit, WANTED)
        if missing := [name for name in (MANIFEST, WEIGHTS) if name not in records]:
            raise NotFoundError(f"no checkpoint in {commit.repo}: it has no {missing[0]}")
        for name, record in records.items():
            _fetch(commit, name, record, (pinned or {}).get(name))
        note_commit(repo, revision, commit.sha)
        _refuse_unsound(folder)
    return Pulled(folder, commit, remark)


def read_remote_manifest(repo: str, revision: str) -> tuple[Commit, Manifest]:
    """The manifest of a repo, without its weights, and the commit that it is of.

    Raises:
        IntegrityError: It is no manifest.
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: There is no such repo or revision, or no checkpoint in it.
    """
    commit = resolve(repo, revision)
    text = read_text(commit, MANIFEST)
    return commit, parse_manifest(text.encode(), f"{commit.repo}: {MANIFEST}")


def copy_to(folder: Path, target: Path) -> None:
    """Copies a checkpoint to a folder that does not exist yet, all of it or nothing.

    Raises:
        TargetError: The folder exists, or cannot be written to.
    """
    if target.exists() and (not target.is_dir() or any(target.iterdir())):
        raise TargetError(f"{target} is there already; choose another --to")
    half = target.with_name(f".{target.name}.{os.getpid()}.tmp")
    with refusing(target):
        try:
            half.mkdir(parents=True)
            for name in WANTED:
                if (folder / name).exists():
                    shutil.copyfile(folder / name, half / name)
            if target.exists():
                target.rmdir()
            half.rename(target)
        finally:
            shutil.rmtree(half, ignore_errors=True)


def _commit(repo: str, revision: str) -> tuple[Commit, str]:
    """The commit that is meant; an unreachable Hub leaves what was meant last, and says so."""
    if COMMIT.fullmatch(revision):
        return Commit(repo, revision), ""
    try:
        commit = resolve(repo, revision)
    except NetworkError as error:
        last = cached_commit(repo, revision)
        if not last or not _complete(snapshot_folder(Commit(repo, last)), None):
            raise
        said = f"{error}; taking {last}, which {revision or 'main'} meant when it was last asked"
        return Commit(repo, last), said
    moved = f"{repo} has moved to {commit.repo}; " if commit.repo != repo else ""
    return commit, f"{moved}{revision or 'main'} is {commit.sha}"


def _complete(folder: Path, pinned: Mapping[str, FileRecord] | None) -> bool:
    """Whether the cache has the checkpoint, unaltered where hashes are pinned."""
    names = pinned or dict.fromkeys((MANIFEST, WEIGHTS))
    for name in names:
        path = folder / name
        if not path.is_file() or (pinned and _sha256(path) != pinned[name].sha256):
            return False
    return True


def _sound(folder: Path, pinned: Mapping[str, FileRecord] | None) -> bool:
    """Whether the cache has the checkpoint and nothing of it is spoilt."""
    if not _complete(folder, pinned):
        return False
    try:
        _refuse_unsound(folder)
    except IntegrityError:
        return False
    return True


def _fetch(commit: Commit, name: str, record: RemoteRecord, pinned: FileRecord | None) -> None:
    """A file of a commit into the cache, checked."""
    path = snapshot_folder(commit) / name
    if path.is_file() and not _wrong(path, record, pinned):
        return
    if name != WEIGHTS and record.size > LARGEST_TEXT:
        raise IntegrityError(f"{commit.repo}: {name} has {record.size:,} bytes, which no one needs")
    if pinned and pinned.size != record.size:
        raise IntegrityError(
            f"{commit.repo}: {name} has {record.size:,} bytes, the registry says {pinned.size:,}"
        )
    folder = zoo_home() / "partial"
    with refusing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{record.etag}.part"
    with FileLock(f"{part}.lock"):
        url, headers = locate_file(commit, name)
        shown = RemoteFile(name=name, size=record.size, sha256=record.sha256, mirrors=(url,))
        part.touch()
        with refusing(part):
            transfer(url, part, record.size, listener(shown), headers)
        if said := _wrong(part, record, pinned):
            kept = part.with_suffix(".quarantine")
            part.replace(kept)
            raise IntegrityError(f"{commit.repo}: {name} {said}; what came is kept as {kept}")
        store(commit, name, record.etag, part)


def _wrong(path: Path, record: RemoteRecord, pinned: FileRecord | None) -> str:
    """What is wrong with a file, with both hashes; nothing if it is as promised."""
    found = _sha256(path)
    if pinned and found != pinned.sha256:
        return f"has sha256 {found}, the registry says {pinned.sha256}"
    if record.sha256 and found != record.sha256:
        return f"has sha256 {found}, the Hub says {record.sha256}"
    if not record.sha256:
        blob = _digest(path, "sha1", b"blob %d\0" % path.stat().st_size)
        if blob != record.blob:
            return f"has the git hash {blob}, the Hub says {record.blob}"
    return ""


def _refuse_unsound(folder: Path) -> None:
    """Says so if manifest and weights are not sound, or not each other's."""
    weights = folder / WEIGHTS
    try:
        manifest = read_manifest(folder)
        with weights.open("rb") as file:
            read_header(file, weights.stat().st_size)
    except (IntegrityError, NotFoundError) as error:
        raise IntegrityError(f"{folder}: {error}") from None
    if _sha256(weights) != manifest.weights.sha256:
        raise IntegrityError(f"{folder}: {WEIGHTS} is not the one that {MANIFEST} describes")


def _sha256(path: Path) -> str:
    return _digest(path, "sha256", b"")


def _digest(path: Path, algorithm: str, before: bytes) -> str:
    digest = hashlib.new(algorithm, before)
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            digest.update(chunk)
    return digest.hexdigest()
