"""A new plugin: the template's files with a name of their own and the parts that were chosen.

The template is itself a plugin, called quokka, that brings one of every kind; ruff, mypy and its
own tests read it as it is. ``# [model]`` to ``# [end]``, or ``# [model]`` behind a line, marks
what a plugin with a model needs; ``|`` is or, ``&`` is and. ``<!-- [model] -->`` does the same.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Collection
from datetime import date
from importlib.util import find_spec
from pathlib import Path

from zoo_core.catalog import NOUNS, Catalog
from zoo_core.discovery import every_plugin
from zoo_core.errors import RefusedError, TargetError
from zoo_core.files import refusing, sync_folder, write_new
from zoo_core.loading import NAME

KINDS = tuple(NOUNS.values())
PREFIX = "zoo-plugin-"
LONGEST = 40
"""Characters of a name: what stands around it must still fit a path."""
CORE_KERNELS = ("auto", "torch", "reference")
WINDOWS = re.compile(r"con|prn|aux|nul|(com|lpt)\d")
"""Names that no file may bear there, whatever comes behind the dot: recipes/con.hello.toml."""
CACHES = ("__pycache__", "_cache")
"""Folders that installers and checkers leave in the template."""
TEMPLATE = Path(__file__).with_name("template")
MARK = re.compile(r"(?P<line>.*?)\s*(?:#|<!--) \[(?P<parts>[a-z&|]+)\](?: -->)?")


def new_plugin(
    catalog: Catalog, name: str, kinds: Collection[str], parent: Path, commands: Collection[str]
) -> Path:
    """Writes ``zoo-plugin-NAME``, a complete distribution, whole or not at all.

    Args:
        catalog: What is installed, whose names are taken.
        name: Of the plugin and of all that it brings.
        kinds: Which of ``KINDS`` it brings.
        parent: The folder to write it in.
        commands: Names of commands that are taken.

    Returns:
        The new folder.

    Raises:
        RefusedError: The name is no name, or taken.
        TargetError: The folder is there already, or cannot be written.
    """
    refuse_name(catalog, name, kinds, commands)
    target = parent / f"{PREFIX}{name}"
    if os.path.lexists(target):
        raise TargetError(f"{target} is there already: choose another name, or remove it")
    temporary = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    with refusing(target):
        try:
            for path, text in plugin_files(name, kinds).items():
                (temporary / path).parent.mkdir(parents=True, exist_ok=True)
                write_new(temporary / path, text.encode())
            temporary.rename(target)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)
        sync_folder(parent)
    return target


def plugin_files(name: str, kinds: Collection[str]) -> dict[str, str]:
    """The text of every file of a new plugin by its path, with slashes."""
    words = {
        "zoo_plugin_quokka": f"{PREFIX}{name}".replace("-", "_"),
        "Quokka": "".join(part.capitalize() for part in name.split("-")),
        "quokka": name,
        "(c) YEAR": f"(c) {date.today().year}",
    }
    found = {}
    for path in sorted(TEMPLATE.rglob("*")):
        caches = any(part.endswith(CACHES) for part in path.relative_to(TEMPLATE).parts)
        if path.is_file() and not caches:
            whole = path.read_text("utf-8")
            kept = _kept(whole, kinds)
            if kept or not whole:  # an empty file such as py.typed is meant to be empty
                place = _named(path.relative_to(TEMPLATE).as_posix(), words)
                found[place] = _named(kept, words)
    return found


def refuse_name(
    catalog: Catalog, name: str, kinds: Collection[str], commands: Collection[str]
) -> None:
    """Says so if a plugin cannot be called so.

    Raises:
        RefusedError: It is no name on every platform, or taken.
    """
    if not NAME.fullmatch(name) or not name[0].isalpha() or len(name) > LONGEST:
        raise RefusedError(
            f"{name!r:.80} is no name for a plugin: wanted a lower case letter, then lower case "
            f"letters, digits and single hyphens, {LONGEST} characters at most, such as my-owl"
        )
    if WINDOWS.fullmatch(name):
        raise RefusedError(f"{name!r} is no name for a file on Windows: choose another one")
    distribution = f"{PREFIX}{name}"
    known = {each for plugin in every_plugin() for each in (plugin.name, plugin.distribution)}
    if distribution in known or find_spec(distribution.replace("-", "_")):
        raise RefusedError(f"{distribution} is installed already: choose another name")
    taken = {(NOUNS[type(each.spec)], each.spec.name): each.plugin.name for each in catalog.offers}
    taken |= {("kernel", each): "zoo-core" for each in CORE_KERNELS}
    taken |= {("command", each): "zoo-cli" for each in commands}
    for kind in KINDS:
        if kind in kinds and (kind, name) in taken:
            owner = taken[kind, name]
            raise RefusedError(f"{kind} {name!r} comes with {owner} already: choose another name")


def _kept(text: str, kinds: Collection[str]) -> str:
    """What is left of a file without the marks, and without what is marked for other kinds."""
    lines, keep = [], True
    for line in text.splitlines():
        mark = MARK.fullmatch(line)
        if mark is None:
            lines += [line] * keep
        elif mark["line"]:
            lines += [mark["line"]] * (keep and _wanted(mark["parts"], kinds))
        else:
            keep = mark["parts"] == "end" or _wanted(mark["parts"], kinds)
    kept = "\n".join(lines).strip("\n")
    return f"{kept}\n" if kept else ""


def _wanted(parts: str, kinds: Collection[str]) -> bool:
    return any(all(kind in kinds for kind in every.split("&")) for every in parts.split("|"))


def _named(text: str, words: dict[str, str]) -> str:
    for word, name in words.items():
        text = text.replace(word, name)
    return text
