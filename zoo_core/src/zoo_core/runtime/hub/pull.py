"""Pulling a checkpoint from the Hub: pinned to a commit, every byte checked."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, final

from huggingface_hub import constants

from zoo_core.downloads.http import transfer
from zoo_core.downloads.progress import listening
from zoo_core.errors import DeniedError, IntegrityError, NetworkError, NotFoundError
from zoo_core.registry.file import COMMIT
from zoo_core.run_folder.integrity import validate_checkpoint_files
from zoo_core.run_folder.manifest import (
    LARGEST_TEXT,
    MANIFEST,
    SHARED,
    WEIGHTS,
    Manifest,
    parse_manifest,
    read_manifest,
)
from zoo_core.run_folder.safetensors_header import foreign_kind
from zoo_core.runtime.hub.cache import cached_commit, note_commit, snapshot_folder, store, unspoilt
from zoo_core.runtime.hub.client import (
    Commit,
    RemoteRecord,
    list_files,
    locate_file,
    read_beginning,
    read_text,
    resolve,
)
from zoo_core.storage.atomic import target_errors, waiting_for
from zoo_core.storage.hashes import FileRecord
from zoo_core.storage.locations import zoo_home

SILENCE = float(constants.HF_HUB_DOWNLOAD_TIMEOUT)
"""Seconds that the store of the bytes may keep silent."""
Pins = Mapping[str, FileRecord]

logger = logging.getLogger(__name__)


@final
class Pulled(NamedTuple):
    """A checkpoint that was pulled.

    Args:
        folder: Where it lies.
        commit: The repo's name today, and the commit.
    """

    folder: Path
    commit: Commit


def pull(repo: str, revision: str, pinned: Pins | None = None) -> Pulled:
    """The checkpoint of a repo in the Hub's cache, downloaded as far as it is not there.

    The manifest comes first: what is no checkpoint of the zoo is refused before its weights.

    Args:
        repo: ``owner/name``.
        revision: A commit, branch or tag; empty for the main branch.
        pinned: Size and sha256 of files, where a registry pins them.

    Raises:
        IntegrityError: A file is not what the registry or the Hub says, or no checkpoint's.
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: There is no such repo, revision or checkpoint.
    """
    pins = {name: pin for name, pin in (pinned or {}).items() if name in SHARED}
    commit = _commit(repo, revision)
    folder = snapshot_folder(commit)
    if not _at_hand(folder, pins):
        records = list_files(commit, SHARED)
        _check_others(commit, records, pins)
        for name in SHARED:
            if name in records:
                _fetch(commit, name, records[name], pins)
            if name == MANIFEST:
                manifest = parse_manifest(
                    (folder / MANIFEST).read_bytes(), f"{commit.repo}: {MANIFEST}"
                )
                _check_weights(commit, records[WEIGHTS], manifest)
        validate_checkpoint_files(folder)
    return Pulled(folder, commit)


def pull_manifest(repo: str, revision: str) -> tuple[Commit, Manifest]:
    """The manifest of a repo without its weights, and the commit that it is of.

    Raises:
        IntegrityError: It is no manifest.
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: There is no such repo or revision, or no checkpoint in it.
    """
    commit = _commit(repo, revision)
    cached = snapshot_folder(commit) / MANIFEST
    if unspoilt(cached):
        return commit, read_manifest(cached.parent)
    text = read_text(commit, MANIFEST, LARGEST_TEXT)
    return commit, parse_manifest(text.encode(), f"{commit.repo}: {MANIFEST}")


def _commit(repo: str, revision: str) -> Commit:
    """Returns the commit of a revision, and logs it; the cache answers for an unreachable Hub."""
    if COMMIT.fullmatch(revision):
        return Commit(repo, revision)
    try:
        commit = resolve(repo, revision)
    except DeniedError:
        raise
    except NetworkError as error:
        last = cached_commit(repo, revision)
        if not last or not _at_hand(snapshot_folder(Commit(repo, last)), {}):
            raise
        branch = revision or "main"
        logger.warning("%s; taking %s, which %s meant when it was last asked", error, last, branch)
        return Commit(repo, last)
    note_commit(repo, revision, commit.sha)
    moved = f"{repo} has moved to {commit.repo}; " if commit.repo != repo else ""
    logger.info("%s%s is %s", moved, revision or "main", commit.sha)
    return commit


def _at_hand(folder: Path, pins: Pins) -> bool:
    """Whether the cache has the whole checkpoint, and nothing of it is spoilt."""
    expected = {MANIFEST, WEIGHTS, *pins}
    present = [name for name in SHARED if (folder / name).is_file()]
    if not expected <= set(present):
        return False
    if not all(unspoilt(folder / name) for name in present if name != WEIGHTS):
        return False  # and the manifest says what the weights are
    try:
        for name, record in pins.items():
            record.check_matches(folder / name)
        validate_checkpoint_files(folder)
    except IntegrityError:
        return False
    return True


def _check_others(commit: Commit, records: Mapping[str, RemoteRecord], pins: Pins) -> None:
    """Says so if a repo's files cannot be a checkpoint, or those that are pinned."""
    for name in (MANIFEST, WEIGHTS):
        if name not in records:
            raise NotFoundError(f"no checkpoint in {commit.repo}: it has no {name}")
    for name, record in records.items():
        if name != WEIGHTS and record.size > LARGEST_TEXT:
            raise IntegrityError(f"{commit.repo}: {name} has {record.size:,} bytes: no one's text")
    for name, pin in pins.items():
        if name not in records:
            raise IntegrityError(f"{commit.repo} has no {name}, which the registry pins")
        if said := records[name].differs(pin):
            raise IntegrityError(f"{commit.repo}: {name} {said}, the registry says {_told(pin)}")


def _check_weights(commit: Commit, record: RemoteRecord, manifest: Manifest) -> None:
    """Says so, before they are fetched, if weights are not those that the manifest describes."""
    if said := record.differs(manifest.weights):
        if kind := foreign_kind(read_beginning(commit, WEIGHTS)):
            raise IntegrityError(f"{commit.repo}: {WEIGHTS} is {kind}")
        raise IntegrityError(
            f"{commit.repo}: {WEIGHTS} {said}, {MANIFEST} says {_told(manifest.weights)}"
        )


def _told(record: FileRecord) -> str:
    return f"{record.size:,} bytes with sha256 {record.sha256}"


def _fetch(commit: Commit, name: str, record: RemoteRecord, pins: Pins) -> None:
    """A file of a commit into the cache, checked."""
    path = snapshot_folder(commit) / name
    if path.is_file() and not _wrong(path, name, record, pins):
        return
    folder = zoo_home() / "partial"
    with target_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{record.etag}.part"
    with waiting_for(part):
        if path.is_file() and not _wrong(path, name, record, pins):
            return  # another process was faster
        url, headers = locate_file(commit, name)
        with target_errors(part):
            part.touch()
            transfer(url, part, record.size, listening(name, record.size), headers, SILENCE)
        if said := _wrong(part, name, record, pins):
            kept = part.with_suffix(".quarantine")
            with target_errors(kept):
                part.replace(kept)
            raise IntegrityError(f"{commit.repo}: {name} {said}; what came is kept as {kept}")
        store(commit, name, record.etag, part)


def _wrong(path: Path, name: str, record: RemoteRecord, pins: Pins) -> str:
    """What is wrong with a file, with both hashes; nothing if it is as promised."""
    if name in pins and (found := FileRecord.of(path)) != pins[name]:
        return f"has sha256 {found.sha256}, the registry says {pins[name].sha256}"
    return record.wrong(path)
