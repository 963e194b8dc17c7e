"""The registry: which pretrained checkpoints exist, where, and the hash of every file.

Sources, merged: the file that ``ZOO_REGISTRY`` names, or the one at the root of a checkout, or
the copy inside the installed package; then those that plugins bring.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from zoo_core.errors import NotFoundError, suggest
from zoo_core.registry.file import Pretrained, Registry
from zoo_core.registry.sources import merged


def load_registry(
    registries: Iterable[Path], tell: Callable[[str], None] | None = None
) -> dict[str, Pretrained]:
    """Every pretrained checkpoint by name.

    Args:
        registries: The files that plugins bring.
        tell: Told of each registry of a plugin that is not well-formed, which is then left out.

    Raises:
        ConfigError: A registry file is not well-formed, and it is the zoo's own or there is nobody
            to tell; or two claim a name.
    """
    return merged("checkpoint", registries, lambda registry: registry.checkpoints, tell)


def find_pretrained(registries: Iterable[Path], name: str) -> Pretrained:
    """The pretrained checkpoint of a name; what is wrong with others is no matter.

    Raises:
        ConfigError: Two registry files claim the name; or one that is not well-formed may hold it.
        NotFoundError: The registry has none of that name.
    """

    def entries(registry: Registry) -> list[Pretrained]:
        return [each for each in registry.checkpoints if each.name == name]

    found = merged("checkpoint", registries, entries, lambda remark: None)
    if name not in found:
        hint = suggest(name, load_registry(registries)) or f"make one: zoo train {name}"
        raise NotFoundError(f"no pretrained checkpoint {name!r}; {hint}")
    return found[name]
