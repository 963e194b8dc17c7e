"""Writing a new plugin from the template."""

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
from zoo_core.plugins.specs import SPEC_CLASSES, EngineSpec, ExporterSpec, TokenizerSpec
from zoo_core.scaffold.template_files import PREFIX, plugin_files
from zoo_core.storage.atomic import new_folder, write_new

WITHOUT_TEMPLATE = (TokenizerSpec, ExporterSpec, EngineSpec)
"""The specs that the template has no example of."""
KINDS = tuple(cls.noun for cls in SPEC_CLASSES if cls not in WITHOUT_TEMPLATE)
"""What the template has an example of."""
MAX_NAME_LENGTH = 40
"""The longest name, in characters, with which every path still fits the limits of systems."""
CORE_KERNELS = ("auto", "portable", "torch", "reference")
RESERVED_ON_WINDOWS = re.compile(r"con|prn|aux|nul|(com|lpt)\d")
"""Names that no file can have there, whatever follows the dot: recipes/con.hello.toml."""


def new_plugin(
    catalog: Catalog, name: str, kinds: Collection[str], parent: Path, commands: Collection[str]
) -> Path:
    """Writes the distribution ``zoo-plugin-NAME``. If it fails, nothing is left behind.

    Args:
        catalog: The installed plugins, whose names are taken.
        name: The name of the plugin and of everything it provides.
        kinds: The kinds to provide, some of ``KINDS``.
        parent: The folder to write the distribution in.
        commands: The names of commands that are taken.

    Returns:
        The new folder.

    Raises:
        RefusedError: The name is invalid, or taken.
        TargetError: The folder exists, or cannot be written.
    """
    check_name(catalog, name, kinds, commands)
    target = parent / f"{PREFIX}{name}"
    if os.path.lexists(target):
        raise TargetError(f"{target} already exists: choose another name, or remove it")
    with new_folder(target) as folder:
        for path, text in plugin_files(name, kinds).items():
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            write_new(folder / path, text.encode())
    return target


def check_name(
    catalog: Catalog, name: str, kinds: Collection[str], commands: Collection[str]
) -> None:
    """Checks the name of a new plugin.

    Args:
        catalog: The installed plugins, whose names are taken.
        name: The name of the plugin and of everything it provides.
        kinds: The kinds to provide, some of ``KINDS``.
        commands: The names of commands that are taken.

    Raises:
        RefusedError: The name is not valid on every platform, or taken.
    """
    if not NAME.fullmatch(name) or not name[0].isalpha() or len(name) > MAX_NAME_LENGTH:
        raise RefusedError(
            f"invalid plugin name {name!r:.80}: expected a lower case letter, then lower case "
            f"letters, digits and single hyphens, at most {MAX_NAME_LENGTH} characters, such as "
            "my-owl"
        )
    if RESERVED_ON_WINDOWS.fullmatch(name):
        raise RefusedError(
            f"invalid plugin name {name!r}: Windows reserves it for a device; choose another name"
        )
    distribution = f"{PREFIX}{name}"
    installed = {
        installed_name
        for plugin in every_plugin()
        for installed_name in (plugin.name, plugin.distribution)
    }
    if distribution in installed or find_spec(distribution.replace("-", "_")):
        raise RefusedError(f"{distribution} is already installed: choose another name")
    owners = {(entry.spec.noun, entry.spec.name): entry.plugin.name for entry in catalog.entries}
    owners |= {("kernel", kernel): "zoo-core" for kernel in CORE_KERNELS}
    owners |= {("command", command): "zoo-cli" for command in commands}
    for kind in kinds:
        if (kind, name) in owners:
            owner = owners[kind, name]
            raise RefusedError(f"{owner} already provides the {kind} {name!r}: choose another name")
