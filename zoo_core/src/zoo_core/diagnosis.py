"""What a doctor looks at where no torch is needed: a list of findings, each with its remedy."""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, final

from zoo_core.catalog import Catalog, load_catalog
from zoo_core.directory import known_plugins
from zoo_core.errors import ConfigError, RefusedError
from zoo_core.home import zoo_home
from zoo_core.installer import find_installer, installed_version
from zoo_core.registry import load_registry
from zoo_core.registry_file import registry_path
from zoo_core.specs import API_VERSION
from zoo_core.standing import standings

Verdict: TypeAlias = Literal["ok", "warning", "wrong"]
DISTRIBUTIONS = (
    *("zoo-core", "zoo-cli", "torch", "numpy", "safetensors", "huggingface_hub", "pluggy"),
    *("click", "filelock", "matplotlib"),
)
LITTLE = 2_000_000_000
"""Bytes below which a disk is nearly full: a run writes its state again and again."""


@final
class Finding(NamedTuple):
    """What was found of one subject.

    Args:
        subject: What was looked at.
        verdict: ``ok``, ``warning`` or ``wrong``.
        said: What was found, in a line.
        remedy: The command that mends it, unless it is ok.
        facts: The same for programs.
    """

    subject: str
    verdict: Verdict
    said: str
    remedy: str = ""
    facts: dict[str, Any] = {}  # noqa: RUF012  # never changed


Check: TypeAlias = Callable[[], Iterable[Finding]]


def examine(checks: Iterable[Check]) -> list[Finding]:
    """The findings of every check; one that fails is a finding too, and the others go on."""
    found: list[Finding] = []
    for check in checks:
        try:
            found += check()
        except Exception as error:
            said = f"cannot be told: {type(error).__name__}: {' '.join(str(error).split()):.300}"
            found.append(Finding(check.__name__, "wrong", said, "ZOO_DEBUG=1 zoo plugins -v"))
    return found


def python() -> list[Finding]:
    """The interpreter."""
    version = platform.python_version()
    facts = {"version": version, "executable": sys.executable, "platform": platform.platform()}
    said = f"{version}, {sys.executable}, {platform.platform()}"
    return [Finding("python", "ok", said, facts=facts)]


def installer() -> list[Finding]:
    """What installs plugins here."""
    try:
        found = find_installer()
    except RefusedError as error:
        return [Finding("installer", "wrong", str(error), f"{sys.executable} -m ensurepip")]
    return [Finding("installer", "ok", found.name, facts={"command": list(found.command)})]


def versions() -> list[Finding]:
    """What is installed of that which the zoo stands on."""
    found = {name: installed_version(name) for name in DISTRIBUTIONS}
    said = ", ".join(f"{name} {version}" for name, version in found.items() if version)
    rows = [Finding("versions", "ok", said, facts=found)]
    for name in (name for name, version in found.items() if not version):
        rows.append(Finding("versions", "wrong", f"{name} is missing", _install(name)))
    return rows


def plugins() -> list[Finding]:
    """The plugin API, and the plugins that do not work."""
    every = standings()
    states = [each.state for each in every]
    counts = ", ".join(f"{states.count(each)} {each}" for each in dict.fromkeys(states)) or "none"
    facts = {"api": API_VERSION, "states": {each.plugin.name: each.state for each in every}}
    said = f"plugin API {API_VERSION}; installed: {counts}"
    rows = [Finding("plugins", "ok" if every else "warning", said, facts=facts)]
    if not every:
        rows = [rows[0]._replace(remedy="zoo plugins search")]
    for each in every:
        if each.state in ("broken", "incompatible"):
            said = f"{each.plugin.name} is {each.state}: {each.reason}"
            rows.append(Finding("plugins", "wrong", said, each.remedy))
        elif each.state == "blocked":
            said = f"{each.plugin.name} is blocked: {each.reason}"
            rows.append(Finding("plugins", "warning", said, "unset ZOO_PLUGINS"))
    return rows


def home() -> list[Finding]:
    """Whether the zoo's own folder can be written to, and how much room there is."""
    folder = zoo_home()
    rows = [writable("home", folder, "export ZOO_HOME=ANOTHER/FOLDER")]
    free = shutil.disk_usage(existing(folder)).free
    little = free < LITTLE
    said = f"{free / 1e9:.1f} GB free for {folder}"
    remedy = "zoo runs, then zoo runs remove NAME" if little else ""
    return [*rows, Finding("disk", "warning" if little else "ok", said, remedy, {"free": free})]


def registry() -> list[Finding]:
    """Whether the registry is well-formed."""
    catalog: Catalog = load_catalog()
    path = registry_path()
    try:
        entries, known = load_registry(catalog), known_plugins(catalog.registries)
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
        return [Finding("registry", "wrong", str(error), remedy, {"path": str(path)})]
    said = f"{len(entries)} checkpoints and {len(known)} plugins in {path}"
    facts = {"path": str(path), "checkpoints": len(entries), "plugins": len(known)}
    return [Finding("registry", "ok", said, facts=facts)]


def writable(subject: str, folder: Path, otherwise: str) -> Finding:
    """Whether a folder, or where it would be made, can be written to."""
    place = existing(folder)
    facts = {"path": str(folder), "exists": folder.exists()}
    if not place.is_dir():
        said = f"{place} is no folder"
        return Finding(subject, "wrong", said, f"mv {quoted(place)} {quoted(place)}.old", facts)
    if not os.access(place, os.R_OK | os.W_OK | os.X_OK):
        said = f"{place} cannot be written to"
        remedy = f"chmod u+rwx {quoted(place)}, or {otherwise}"
        return Finding(subject, "wrong", said, remedy, facts)
    said = str(folder) if folder.exists() else f"{folder}, made when it is needed"
    return Finding(subject, "ok", said, facts=facts)


def existing(folder: Path) -> Path:
    """The nearest of a path and its parents that is there."""
    return next(each for each in (folder, *folder.absolute().parents) if each.exists())


def quoted(path: Path) -> str:
    """A path as a shell reads it."""
    return shlex.quote(str(path))


def _install(distribution: str) -> str:
    return f"zoo plugins install --upgrade {distribution}"


CHECKS: tuple[Check, ...] = (python, installer, versions, plugins, home, registry)
