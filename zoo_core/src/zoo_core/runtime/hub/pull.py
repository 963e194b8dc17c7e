"""Pulling checkpoints from the Hub: resolved to a commit, every byte verified."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple, TypeAlias, final

from huggingface_hub import constants

from zoo_core.downloads.http import transfer
from zoo_core.downloads.progress import progress_callback
from zoo_core.errors import DeniedError, IntegrityError, NetworkError, NotFoundError
from zoo_core.registry.file import COMMIT
from zoo_core.run_folder.integrity import validate_checkpoint_files
from zoo_core.run_folder.manifest import (
    CARD,
    MANIFEST,
    MAX_TEXT_BYTES,
    SHARED,
    WEIGHTS,
    Manifest,
    parse_manifest,
    read_manifest,
)
from zoo_core.run_folder.safetensors_header import foreign_kind
from zoo_core.runtime.hub.cache import is_intact, read_ref, snapshot_folder, store, write_ref
from zoo_core.runtime.hub.client import (
    Commit,
    RemoteRecord,
    list_files,
    locate_file,
    read_first_bytes,
    read_text,
    resolve,
)
from zoo_core.storage.atomic import rename, target_errors
from zoo_core.storage.hashes import FileRecord
from zoo_core.storage.locations import zoo_home
from zoo_core.storage.locks import file_lock

DOWNLOADED = (MANIFEST, CARD, WEIGHTS)
"""The files in the order of their download: a snapshot with weights has the others."""
Pins: TypeAlias = Mapping[str, FileRecord]

logger = logging.getLogger(__name__)


@final
class PulledCheckpoint(NamedTuple):
    """A checkpoint in the Hub's cache.

    Args:
        folder: The folder of its files.
        commit: The commit, with the repo's present name.
    """

    folder: Path
    commit: Commit


def pull(repo: str, revision: str, pinned: Pins | None = None) -> PulledCheckpoint:
    """Returns the checkpoint of a repo, and downloads what the Hub's cache lacks.

    The manifest is downloaded first, so that a repo without a checkpoint of the zoo is refused
    before its weights are downloaded. The weights come last: until then the pull is unfinished.

    Args:
        repo: ``owner/name``.
        revision: A commit, branch or tag; empty for the main branch.
        pinned: Size and sha256 of the files that a registry pins.

    Raises:
        IntegrityError: A file differs from what the registry or the Hub says, or the files are no
            checkpoint.
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: There is no such repo, revision or checkpoint.
    """
    pins = {name: pin for name, pin in (pinned or {}).items() if name in SHARED}
    commit = _resolve(repo, revision)
    folder = snapshot_folder(commit)
    if not _is_cached(folder, pins) or _lacks_card(commit):
        records = list_files(commit, SHARED)
        _check_records(commit, records, pins)
        for name in DOWNLOADED:
            if name in records:
                _download(commit, name, records[name], pins)
            if name == MANIFEST:
                manifest = parse_manifest(
                    (folder / MANIFEST).read_bytes(), f"{commit.repo}: {MANIFEST}"
                )
                _check_weights(commit, records[WEIGHTS], manifest)
        validate_checkpoint_files(folder)
    return PulledCheckpoint(folder, commit)


def pull_manifest(repo: str, revision: str) -> tuple[Commit, Manifest]:
    """Returns the manifest of a repo, without its weights, and its commit.

    Raises:
        IntegrityError: The file is not a manifest.
        NetworkError: The Hub cannot be reached or refuses.
        NotFoundError: There is no such repo or revision, or no checkpoint in it.
    """
    commit = _resolve(repo, revision)
    cached = snapshot_folder(commit) / MANIFEST
    if is_intact(cached):
        return commit, read_manifest(cached.parent)
    text = read_text(commit, MANIFEST, MAX_TEXT_BYTES)
    return commit, parse_manifest(text.encode(), f"{commit.repo}: {MANIFEST}")


def _resolve(repo: str, revision: str) -> Commit:
    """Returns the commit of a revision, and logs it; the cache answers for an unreachable Hub."""
    if COMMIT.fullmatch(revision):
        return Commit(repo, revision)
    try:
        commit = resolve(repo, revision)
    except DeniedError:
        raise
    except NetworkError as error:
        last = read_ref(repo, revision)
        if not last or not _is_cached(snapshot_folder(Commit(repo, last)), {}):
            raise
        branch = revision or "main"
        logger.warning("%s; taking %s, which %s meant when it was last asked", error, last, branch)
        return Commit(repo, last)
    write_ref(repo, revision, commit.sha)
    moved = f"{repo} has moved to {commit.repo}; " if commit.repo != repo else ""
    logger.info("%s%s is %s", moved, revision or "main", commit.sha)
    return commit


def _is_cached(folder: Path, pins: Pins) -> bool:
    """Whether a snapshot holds the whole checkpoint, unchanged and as pinned."""
    required = {MANIFEST, WEIGHTS, *pins}
    present = [name for name in SHARED if (folder / name).is_file()]
    if not required <= set(present):
        return False
    # the weights are checked against the manifest below
    if not all(is_intact(folder / name) for name in present if name != WEIGHTS):
        return False
    try:
        for name, pin in pins.items():
            pin.check_matches(folder / name)
        validate_checkpoint_files(folder)
    except IntegrityError:
        return False
    return True


def _lacks_card(commit: Commit) -> bool:
    """Whether a snapshot that is whole otherwise lacks the card that the commit has.

    An older version downloaded the card last, so that a pull may have broken off before it. If the
    Hub cannot be reached, the snapshot is used without a card.
    """
    if (snapshot_folder(commit) / CARD).is_file():
        return False
    try:
        return CARD in list_files(commit, [CARD])
    except NetworkError as error:
        logger.warning("%s; %s has no %s", error, snapshot_folder(commit), CARD)
        return False


def _check_records(commit: Commit, records: Mapping[str, RemoteRecord], pins: Pins) -> None:
    """Raises an error if a repo's files cannot be a checkpoint, or not the pinned one."""
    for name in (MANIFEST, WEIGHTS):
        if name not in records:
            raise NotFoundError(f"no checkpoint in {commit.repo}: it has no {name}")
    for name, record in records.items():
        if name != WEIGHTS and record.size > MAX_TEXT_BYTES:
            raise IntegrityError(
                f"{commit.repo}: {name} has {record.size:,} bytes: too large for a text"
            )
    for name, pin in pins.items():
        if name not in records:
            raise IntegrityError(f"{commit.repo} has no {name}, which the registry pins")
        if difference := records[name].difference(pin):
            raise IntegrityError(
                f"{commit.repo}: {name} {difference}, the registry says {_describe(pin)}"
            )


def _check_weights(commit: Commit, record: RemoteRecord, manifest: Manifest) -> None:
    """Raises IntegrityError, before a download, if weights are not those of the manifest."""
    if difference := record.difference(manifest.weights):
        if kind := foreign_kind(read_first_bytes(commit, WEIGHTS)):
            raise IntegrityError(f"{commit.repo}: {WEIGHTS} is {kind}")
        raise IntegrityError(
            f"{commit.repo}: {WEIGHTS} {difference}, {MANIFEST} says {_describe(manifest.weights)}"
        )


def _describe(record: FileRecord) -> str:
    return f"{record.size:,} bytes with sha256 {record.sha256}"


def _download(commit: Commit, name: str, record: RemoteRecord, pins: Pins) -> None:
    """Downloads a file of a commit into the cache, unless it is there, and verifies it."""
    path = snapshot_folder(commit) / name
    if path.is_file() and not _mismatch(path, name, record, pins):
        return
    folder = zoo_home() / "partial"
    with target_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    part = folder / f"{record.etag}.part"
    with file_lock(part):
        if path.is_file() and not _mismatch(path, name, record, pins):
            return  # another process has downloaded it meanwhile
        url, headers = locate_file(commit, name)
        progress = progress_callback(name, record.size)
        timeout = float(constants.HF_HUB_DOWNLOAD_TIMEOUT)
        with target_errors(part):
            part.touch()
            transfer(url, part, record.size, progress, headers, timeout)
        if mismatch := _mismatch(part, name, record, pins):
            quarantine = part.with_suffix(".quarantine")
            with target_errors(quarantine):
                rename(part, quarantine)
            raise IntegrityError(
                f"{commit.repo}: {name} {mismatch}; what came is kept as {quarantine}"
            )
        store(commit, name, record.etag, part)


def _mismatch(path: Path, name: str, record: RemoteRecord, pins: Pins) -> str:
    """How a file differs from what the registry or the Hub says; empty if it does not."""
    if name in pins and (actual := FileRecord.of(path)) != pins[name]:
        return f"has sha256 {actual.sha256}, the registry says {pins[name].sha256}"
    return record.mismatch(path)
