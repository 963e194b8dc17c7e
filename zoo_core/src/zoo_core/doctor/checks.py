"""What a doctor looks at where no torch is needed."""

from __future__ import annotations

import os
import platform
import sys

from zoo_core.doctor.result import Check, DoctorResult, writable
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
from zoo_core.storage.capacity import free_disk
from zoo_core.storage.locations import zoo_home

DISTRIBUTIONS = (
    *("zoo-core", "zoo-cli", "torch", "numpy", "safetensors", "huggingface_hub", "pluggy"),
    *("click", "filelock", "matplotlib"),
)
LITTLE = 2_000_000_000
"""Bytes below which a disk is nearly full: a run writes its state again and again."""


def python() -> list[DoctorResult]:
    """The interpreter."""
    version = platform.python_version()
    facts = {"version": version, "executable": sys.executable, "platform": platform.platform()}
    said = f"{version}, {sys.executable}, {platform.platform()}"
    return [DoctorResult("python", "ok", said, facts=facts)]


def installer() -> list[DoctorResult]:
    """What installs plugins here."""
    try:
        found = find_installer()
    except RefusedError as error:
        return [DoctorResult("installer", "wrong", str(error), f"{sys.executable} -m ensurepip")]
    return [DoctorResult("installer", "ok", found.name, facts={"command": list(found.command)})]


def versions() -> list[DoctorResult]:
    """What is installed of that which the zoo stands on."""
    found = {name: installed_version(name) for name in DISTRIBUTIONS}
    said = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    rows = [DoctorResult("versions", "ok", said, facts=found)]
    for name in (name for name, version in found.items() if not version):
        rows.append(DoctorResult("versions", "wrong", f"{name} is missing", _install(name)))
    return rows


def plugins() -> list[DoctorResult]:
    """The plugin API, and the plugins that do not work."""
    every = plugin_statuses()
    states = [each.state for each in every]
    counts = ", ".join(f"{states.count(each)} {each}" for each in dict.fromkeys(states)) or "none"
    facts = {"api": API_VERSION, "states": {each.plugin.name: each.state for each in every}}
    said = f"plugin API {API_VERSION}; installed: {counts}"
    rows = [DoctorResult("plugins", "ok" if every else "warning", said, facts=facts)]
    if not every:
        rows = [rows[0]._replace(remedy="zoo plugins search")]
    for each in every:
        if each.state in ("broken", "incompatible"):
            said = f"{each.plugin.name} is {each.state}: {each.reason}"
            rows.append(DoctorResult("plugins", "wrong", said, each.remedy))
        elif each.state == "blocked":
            said = f"{each.plugin.name} is blocked: {each.reason}"
            rows.append(DoctorResult("plugins", "warning", said, "unset ZOO_PLUGINS"))
    for said in unknown_name_messages():
        rows.append(DoctorResult("plugins", "warning", said, "change or unset ZOO_PLUGINS"))
    return rows


def home() -> list[DoctorResult]:
    """Whether the zoo's own folder can be written to, and how much room there is."""
    folder = zoo_home()
    rows = [writable("home", folder, "export ZOO_HOME=ANOTHER/FOLDER")]
    free = free_disk(folder)
    little = free < LITTLE
    said = f"{free / 1e9:.1f} GB free for {folder}"
    remedy = "zoo runs, then zoo runs remove NAME" if little else ""
    return [
        *rows,
        DoctorResult("disk", "warning" if little else "ok", said, remedy, {"free": free}),
    ]


def registry() -> list[DoctorResult]:
    """Whether the registry is well-formed."""
    catalog: Catalog = load_catalog()
    path = registry_path()
    try:
        entries, known = load_registry(catalog.registries), known_plugins(catalog.registries)
    except ConfigError as error:
        owners = [
            plugin.distribution
            for plugin in catalog.plugins
            for each in load_catalog([plugin]).registries
            if str(each) in str(error)
        ]
        if os.environ.get("ZOO_REGISTRY") and not owners:
            remedy = "unset ZOO_REGISTRY"
        else:
            remedy = _install(owners[0] if owners else "zoo-core")
        return [DoctorResult("registry", "wrong", str(error), remedy, {"path": str(path)})]
    said = f"{len(entries)} checkpoints and {len(known)} plugins in {path}"
    facts = {"path": str(path), "checkpoints": len(entries), "plugins": len(known)}
    return [DoctorResult("registry", "ok", said, facts=facts)]


def _install(distribution: str) -> str:
    return f"zoo plugins install --upgrade {distribution}"


CHECKS: tuple[Check, ...] = (python, installer, versions, plugins, home, registry)
