"""What is installed on a machine, as far as it decides the result of a run."""

from __future__ import annotations

import platform
import socket
from importlib.metadata import PackageNotFoundError, version
from typing import NamedTuple, final

from zoo_core.plugins.catalog import load_catalog

LIBRARIES = ("torch", "numpy", "safetensors")
"""Libraries that compute or write; the plugins and the core are compared in any case."""


@final
class Environment(NamedTuple):
    """The versions of a machine.

    Args:
        host: The name of the machine.
        versions: Versions by distribution.
        broken: Why a plugin is broken, by its distribution.
    """

    host: str
    versions: dict[str, str]
    broken: dict[str, str]

    @classmethod
    def here(cls) -> Environment:
        """Returns that of this process."""
        catalog = load_catalog()
        versions = {"Python": platform.python_version()}
        for name in ("zoo-core", *LIBRARIES):
            try:
                versions[name] = version(name)
            except PackageNotFoundError:
                continue
        versions |= {plugin.distribution: plugin.version for plugin in catalog.plugins}
        broken = {row.plugin.distribution: row.reason for row in catalog.broken}
        return cls(socket.gethostname(), versions, broken)

    def differences(self, driver: Environment) -> list[str]:
        """Returns what differs from the machine of the command, an item for each distribution."""
        items = []
        for name in sorted({*self.versions, *driver.versions} - self.broken.keys()):
            own, other = self.versions.get(name), driver.versions.get(name)
            if own == other:
                continue
            if own is None:
                items.append(f"{name} {other} is missing")
            elif other is None:
                items.append(f"{name} {own} is there, and not here")
            else:
                items.append(f"{name} is {own}, here {other}")
        for name, reason in sorted(self.broken.items()):
            if name not in driver.broken:
                items.append(f"{name} is broken: {reason}")
        return items
