"""The registry's pretrained checkpoints: their sources, and the hash of every file.

The entries of several files are merged: the zoo's own registry, which is ``ZOO_REGISTRY`` or the
file at the root of a checkout or the copy inside the installed package, and those of plugins.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zoo_core.errors import NotFoundError, suggest
from zoo_core.registry.file import Pretrained, Registry
from zoo_core.registry.sources import Broken, merge_entries


def load_registry(
    registries: Iterable[Path], *, skip_broken: bool = False
) -> dict[str, Pretrained]:
    """Returns every pretrained checkpoint by name.

    Args:
        registries: The files that plugins bring.
        skip_broken: Whether a plugin's file that is not well-formed is left out with a warning.

    Raises:
        ConfigError: A file is not well-formed, and it is the zoo's own or ``skip_broken`` is not
            set; or two files claim a name.
    """
    broken: Broken = "warn" if skip_broken else "raise"
    return merge_entries("checkpoint", registries, lambda registry: registry.checkpoints, broken)


def find_pretrained(registries: Iterable[Path], name: str) -> Pretrained:
    """Returns the pretrained checkpoint of a name; errors of other entries do not matter.

    Raises:
        ConfigError: Two files claim the name; or one that is not well-formed may hold it.
        NotFoundError: The registry has no such checkpoint.
    """

    def entries(registry: Registry) -> list[Pretrained]:
        return [checkpoint for checkpoint in registry.checkpoints if checkpoint.name == name]

    checkpoints = merge_entries("checkpoint", registries, entries, "skip")
    if name not in checkpoints:
        hint = suggest(name, load_registry(registries)) or f"make one: zoo train {name}"
        raise NotFoundError(f"no pretrained checkpoint {name!r}; {hint}")
    return checkpoints[name]
