"""A new plugin: written whole or not at all, under a name that is free."""

from __future__ import annotations

import os
import re
from collections.abc import Collection
from importlib.util import find_spec
from pathlib import Path

from zoo_core.errors import RefusedError, TargetError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.discovery import every_plugin
from zoo_core.plugins.loading import NAME
from zoo_core.plugins.specs import SPEC_CLASSES
from zoo_core.scaffold.template_files import PREFIX, plugin_files
from zoo_core.storage.atomic import new_folder, write_new

KINDS = tuple(cls.noun for cls in SPEC_CLASSES)
LONGEST = 40
"""Characters of a name: what stands around it must still fit a path."""
CORE_KERNELS = ("auto", "portable", "torch", "reference")
WINDOWS = re.compile(r"con|prn|aux|nul|(com|lpt)\d")
"""Names that no file may bear there, whatever comes behind the dot: recipes/con.hello.toml."""


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
    check_name(catalog, name, kinds, commands)
    target = parent / f"{PREFIX}{name}"
    if os.path.lexists(target):
        raise TargetError(f"{target} is there already: choose another name, or remove it")
    with new_folder(target) as half:
        for path, text in plugin_files(name, kinds).items():
            (half / path).parent.mkdir(parents=True, exist_ok=True)
            write_new(half / path, text.encode())
    return target


def check_name(
    catalog: Catalog, name: str, kinds: Collection[str], commands: Collection[str]
) -> None:
    """Says so if a plugin cannot be called so.

    Raises:
        RefusedError: It is no name on every platform, or taken.
    """
    if not NAME.fullmatch(name) or not name[0].isalpha() or len(name) > LONGEST:
        raise RefusedError(
            f"{name!r:.80} is no name for a plugin: expected a lower case letter, then lower case "
            f"letters, digits and single hyphens, {LONGEST} characters at most, such as my-owl"
        )
    if WINDOWS.fullmatch(name):
        raise RefusedError(f"{name!r} is no name for a file on Windows: choose another one")
    distribution = f"{PREFIX}{name}"
    known = {each for plugin in every_plugin() for each in (plugin.name, plugin.distribution)}
    if distribution in known or find_spec(distribution.replace("-", "_")):
        raise RefusedError(f"{distribution} is installed already: choose another name")
    taken = {(each.spec.noun, each.spec.name): each.plugin.name for each in catalog.entries}
    taken |= {("kernel", each): "zoo-core" for each in CORE_KERNELS}
    taken |= {("command", each): "zoo-cli" for each in commands}
    for kind in KINDS:
        if kind in kinds and (kind, name) in taken:
            owner = taken[kind, name]
            raise RefusedError(f"{kind} {name!r} comes with {owner} already: choose another name")
