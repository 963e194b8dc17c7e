"""The checks that need no torch."""

from __future__ import annotations

import os
import platform
import sys

from zoo_core.doctor.result import Check, DoctorResult, check_writable
from zoo_core.errors import ConfigError, RefusedError
from zoo_core.installer.installer import find_installer
from zoo_core.installer.packages import installed_version
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.plugins.discovery import unknown_name_messages
from zoo_core.plugins.index import known_plugins
from zoo_core.plugins.specs import API_VERSION
from zoo_core.plugins.status import plugin_statuses
from zoo_core.registry.checkpoints import load_registry
from zoo_core.registry.sources import registry_path
from zoo_core.storage.caches import list_caches
from zoo_core.storage.capacity import format_bytes, free_disk
from zoo_core.storage.locations import data_folder, zoo_home

REQUIRED_DISTRIBUTIONS = (
    "zoo-core",
    "zoo-cli",
    "torch",
    "numpy",
    "safetensors",
    "huggingface_hub",
    "pluggy",
    "click",
    "filelock",
    "matplotlib",
)
MIN_FREE_DISK = 2_000_000_000
"""Bytes below which a disk counts as nearly full: a run writes its state again and again."""


def python() -> list[DoctorResult]:
    """Reports the interpreter."""
    version = platform.python_version()
    facts = {"version": version, "executable": sys.executable, "platform": platform.platform()}
    return [DoctorResult("python", "ok", ", ".join(facts.values()), facts=facts)]


def installer() -> list[DoctorResult]:
    """Checks that plugins can be installed."""
    try:
        found = find_installer()
    except RefusedError as error:
        return [DoctorResult("installer", "wrong", str(error), f"{sys.executable} -m ensurepip")]
    return [DoctorResult("installer", "ok", found.name, facts={"command": list(found.command)})]


def versions() -> list[DoctorResult]:
    """Checks that the libraries of the zoo are installed."""
    installed = {name: installed_version(name) for name in REQUIRED_DISTRIBUTIONS}
    message = ", ".join(f"{name} {version}" for name, version in installed.items() if version)
    results = [DoctorResult("versions", "ok", message, facts=installed)]
    for name, version in installed.items():
        if not version:
            remedy = _upgrade_command(name)
            results.append(DoctorResult("versions", "wrong", f"{name} is missing", remedy))
    return results


def plugins() -> list[DoctorResult]:
    """Reports the plugin API, and the plugins that do not work."""
    statuses = plugin_statuses()
    states = [status.state for status in statuses]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    message = f"{counts or 'none'}; plugin API {API_VERSION}"
    facts = {
        "api": API_VERSION,
        "states": {status.plugin.name: status.state for status in statuses},
    }
    if statuses:
        results = [DoctorResult("plugins", "ok", message, facts=facts)]
    else:
        results = [DoctorResult("plugins", "warning", message, "zoo plugins search", facts)]
    for status in statuses:
        message = f"{status.plugin.name} is {status.state}: {status.reason}"
        if status.state in ("broken", "incompatible"):
            results.append(DoctorResult("plugins", "wrong", message, status.remedy))
        elif status.state == "blocked":
            results.append(DoctorResult("plugins", "warning", message, "unset ZOO_PLUGINS"))
    for message in unknown_name_messages():
        results.append(DoctorResult("plugins", "warning", message, "change or unset ZOO_PLUGINS"))
    return results


def home() -> list[DoctorResult]:
    """Checks that the zoo's own folder is writable, and how much room its disk has."""
    folder = zoo_home()
    free = free_disk(folder)
    message, facts = f"{free / 1e9:.1f} GB free for {folder}", {"free": free}
    disk = DoctorResult("disk", "ok", message, facts=facts)
    if free < MIN_FREE_DISK:
        remedy = "zoo runs, then zoo runs remove NAME"
        disk = DoctorResult("disk", "warning", message, remedy, facts)
    return [check_writable("home", folder, "export ZOO_HOME=ANOTHER/FOLDER"), disk]


def caches() -> list[DoctorResult]:
    """Reports what could be made or downloaded again, and its size."""
    kept = list_caches()
    size = sum(cache.size for cache in kept)
    counts = []
    for kind in ("encoded text", "download"):
        count = sum(cache.kind == kind for cache in kept)
        counts.append(f"{count} {kind}{'' if count == 1 else 's'}")
    message = f"{', '.join(counts)}: {format_bytes(size)} in {data_folder()}"
    facts = {
        "size": size,
        "caches": [cache._asdict() | {"path": str(cache.path)} for cache in kept],
    }
    return [DoctorResult("caches", "ok", message, facts=facts)]


def registry() -> list[DoctorResult]:
    """Checks that the registry files are well-formed."""
    catalog = load_catalog()
    path = registry_path()
    try:
        checkpoints = load_registry(catalog.registries)
        known = known_plugins(catalog.registries)
    except ConfigError as error:
        remedy, facts = _registry_remedy(catalog, str(error)), {"path": str(path)}
        return [DoctorResult("registry", "wrong", str(error), remedy, facts)]
    message = f"{len(checkpoints)} checkpoints and {len(known)} plugins in {path}"
    counts = {"path": str(path), "checkpoints": len(checkpoints), "plugins": len(known)}
    return [DoctorResult("registry", "ok", message, facts=counts)]


def _registry_remedy(catalog: Catalog, message: str) -> str:
    """Returns the command that repairs the registry file that an error message names."""
    for plugin in catalog.plugins:
        if any(str(path) in message for path in load_catalog([plugin]).registries):
            return _upgrade_command(plugin.distribution)
    if os.environ.get("ZOO_REGISTRY"):
        return "unset ZOO_REGISTRY"
    return _upgrade_command("zoo-core")


def _upgrade_command(distribution: str) -> str:
    return f"zoo plugins install --upgrade {distribution}"


CHECKS: tuple[Check, ...] = (python, installer, versions, plugins, home, caches, registry)
