"""What the zoo keeps and can make or download again."""

from __future__ import annotations

import contextlib
import json
import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple, final

from zoo_core.storage.atomic import target_errors
from zoo_core.storage.locations import data_folder, encoded_folder
from zoo_core.storage.sizes import size_below, size_of

MANY = 3
"""Names of files that stand for all of a text."""
SCANS = "scans"
"""The folder, beside the encoded texts, of what is known of the files of texts."""


@final
class Cache(NamedTuple):
    """A cache on disk.

    Args:
        name: What it holds, such as the names of the files of a text.
        kind: ``encoded text``, ``hashes`` (of the files of those texts), or ``download``.
        path: The file or folder.
        size: Its bytes.
    """

    name: str
    kind: str
    path: Path
    size: int


def list_caches() -> list[Cache]:
    """Returns the texts that were turned into ids, then the downloads, by name."""
    encoded = [
        Cache(_name(folder), _kind(folder), folder, size_below(folder))
        for folder in _entries(encoded_folder())
        if folder.is_dir()
    ]
    downloads = [
        Cache(path.name, "download", path, size_below(path) if path.is_dir() else size_of(path))
        for path in _entries(data_folder())
        if path != encoded_folder() and path.suffix != ".lock"
    ]
    return sorted(encoded) + sorted(downloads)


def remove_caches(caches: Iterable[Cache]) -> None:
    """Removes caches; a process that has one open keeps it until it ends.

    Raises:
        TargetError: One cannot be removed.
    """
    for cache in caches:
        with target_errors(cache.path):
            if cache.path.is_dir():
                shutil.rmtree(cache.path)
            else:
                cache.path.unlink(missing_ok=True)


def _kind(folder: Path) -> str:
    return "hashes" if folder.name == SCANS else "encoded text"


def _name(folder: Path) -> str:
    """Returns the names of the files of an encoded text, and its tokens."""
    if folder.name == SCANS:
        return "(hashes of all files)"
    names: dict[str, None] = {}
    kinds: dict[str, None] = {}
    for path in sorted(folder.glob("tokens-*/about.json")):
        with contextlib.suppress(OSError, ValueError, KeyError, TypeError):
            about = json.loads(path.read_bytes())
            names |= dict.fromkeys(map(str, about["files"]))
            kinds[str(about["tokens"])] = None
    shown = ", ".join(list(names)[:MANY])
    return f"{shown} as {', '.join(kinds)}" if names else "(unfinished)"


def _entries(folder: Path) -> list[Path]:
    with contextlib.suppress(OSError):
        return sorted(folder.iterdir())
    return []
