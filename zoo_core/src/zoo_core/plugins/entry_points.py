"""Entry points of installed distributions, read from their metadata folders.

The standard library's ``importlib.metadata`` gives the same answer, but it imports the parsers of
e-mail and of archives, which takes longer than loading thirty plugins. It is used where a
distribution may lie elsewhere than in a folder.
"""

from __future__ import annotations

import os
import re
import sys
from importlib.machinery import PathFinder
from typing import TYPE_CHECKING, NamedTuple, final

if TYPE_CHECKING:
    from importlib.metadata import Distribution

UNKNOWN = "unknown"
"""Name and version of a distribution whose metadata is missing."""
HEADER = re.compile(r"^(Name|Version):(.*)$", re.IGNORECASE | re.MULTILINE)
SEPARATORS = re.compile(r"[-_.]+")
METADATA_FOLDERS = (".dist-info", ".egg-info")
PIECE = 2**16
"""Bytes that are read at once."""


@final
class EntryPoint(NamedTuple):
    """An entry point of an installed distribution.

    Args:
        name: Its name.
        value: What it names, such as ``package.module``.
        distribution: The name of the distribution.
        version: The version of the distribution.
    """

    name: str
    value: str
    distribution: str
    version: str


def entry_points(group: str) -> list[EntryPoint]:
    """Returns the entry points of a group.

    Of two distributions of one name, the first one on ``sys.path`` counts, as for imports.
    """
    finders = [finder for finder in sys.meta_path if getattr(finder, "find_distributions", None)]
    if finders != [PathFinder]:
        return _of_any_finder(group)
    points: list[EntryPoint] = []
    distributions: set[str] = set()
    for folder in map(os.fspath, sys.path):
        try:
            names = os.listdir(folder or ".")  # noqa: PTH208  # pathlib is slow to import
        except NotADirectoryError:  # an archive
            return _of_any_finder(group)
        except OSError:
            continue
        if folder.lower().endswith(".egg"):
            return _of_any_finder(group)
        for name in sorted(names):
            if not name.lower().endswith(METADATA_FOLDERS):
                continue
            stem = name.lower().rpartition(".")[0].partition("-")[0]
            distribution = SEPARATORS.sub("-", stem)
            if distribution not in distributions:
                distributions.add(distribution)
                points += _of_folder(os.path.join(folder, name), group)  # noqa: PTH118
    return points


def _of_folder(folder: str, group: str) -> list[EntryPoint]:
    text = _read(folder, "entry_points.txt")
    if f"[{group}]" not in text:
        return []
    identity = _identity(_read(folder, "METADATA") or _read(folder, "PKG-INFO"))
    return [EntryPoint(*pair, *identity) for pair in _pairs(text, group)]


def _read(folder: str, name: str) -> str:
    """Returns the text of a file; empty if it cannot be read.

    Two files of every distribution are read by every command. Without a file object, whose making
    asks the system for three more things, this takes two thirds of the time.
    """
    try:
        descriptor = os.open(f"{folder}/{name}", os.O_RDONLY | getattr(os, "O_BINARY", 0))
    except OSError:
        return ""
    data = b""
    try:
        while piece := os.read(descriptor, PIECE):
            data += piece
    except OSError:  # a folder of that name
        return ""
    finally:
        os.close(descriptor)
    return data.decode("utf-8", "replace")


def _pairs(text: str, group: str) -> list[tuple[str, str]]:
    """Returns names and values of a group, from the text of an ``entry_points.txt``."""
    pairs = []
    section = ""
    for line in map(str.strip, text.splitlines()):
        if line.startswith("[") and line.endswith("]"):
            section = line[1:-1]
        elif section == group and "=" in line and not line.startswith("#"):
            name, _, value = line.partition("=")
            pairs.append((name.strip(), value.strip()))
    return pairs


def _identity(metadata: str) -> tuple[str, str]:
    """Returns name and version; ``unknown`` if an interrupted uninstall left no metadata."""
    headers, _, _ = metadata.replace("\r\n", "\n").partition("\n\n")  # the README follows
    fields = {name.lower(): value.strip() for name, value in HEADER.findall(headers)}
    return fields.get("name", UNKNOWN), fields.get("version", UNKNOWN)


def _of_any_finder(group: str) -> list[EntryPoint]:
    """Returns the entry points of a group in all distributions that the standard library finds.

    Its own function for this raises an error if any distribution has a line that is no pair.
    """
    from importlib import metadata

    points: list[EntryPoint] = []
    names: set[str] = set()
    for distribution in metadata.distributions():
        identity = _identity(
            _text_of(distribution, "METADATA") or _text_of(distribution, "PKG-INFO")
        )
        name = SEPARATORS.sub("-", identity[0].lower())
        if name in names and name != UNKNOWN:
            continue
        names.add(name)
        pairs = _pairs(_text_of(distribution, "entry_points.txt"), group)
        points += [EntryPoint(*pair, *identity) for pair in pairs]
    return points


def _text_of(distribution: Distribution, name: str) -> str:
    """Returns the text of a file of the metadata; empty if it cannot be read."""
    try:
        return distribution.read_text(name) or ""
    except (OSError, UnicodeDecodeError):
        return ""
