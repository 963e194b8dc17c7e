"""The registry: which pretrained checkpoints exist, where, and the hash of every file.

Sources, merged: the file that ``ZOO_REGISTRY`` names, or the one at the root of a checkout, or
the copy inside the installed package; then those that plugins bring.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from zoo_core.errors import NotFoundError, suggest
from zoo_core.registry.file import Pretrained, Registry
from zoo_core.registry.sources import Broken, merged


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
    return merged("checkpoint", registries, lambda registry: registry.checkpoints, broken)


def find_pretrained(registries: Iterable[Path], name: str) -> Pretrained:
    """Returns the pretrained checkpoint of a name; errors of other entries do not matter.

    Raises:
        ConfigError: Two files claim the name; or one that is not well-formed may hold it.
        NotFoundError: The registry has no such checkpoint.
    """

    def entries(registry: Registry) -> list[Pretrained]:
        return [each for each in registry.checkpoints if each.name == name]

    found = merged("checkpoint", registries, entries, "skip")
    if name not in found:
        hint = suggest(name, load_registry(registries)) or f"make one: zoo train {name}"
        raise NotFoundError(f"no pretrained checkpoint {name!r}; {hint}")
    return found[name]
