"""The registry: which pretrained checkpoints exist, where, and the hash of every file.

Sources, merged: the file that ``ZOO_REGISTRY`` names, or the one at the root of a checkout, or
the copy inside the installed package; then those that plugins bring.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any, NamedTuple, final

from zoo_core.catalog import Catalog
from zoo_core.errors import ConfigError, NotFoundError
from zoo_core.nearest import nearest

SCHEMA = 1
FILE = re.compile(r"\w[\w.-]*")
SHA256 = re.compile(r"[0-9a-f]{64}")
PACKAGE = re.compile(r"package:(?P<package>\w+)/(?P<path>[\w-]+(?:/[\w.-]*\w)*)")


@final
class FileRecord(NamedTuple):
    """A file's size in bytes and its sha256."""

    size: int
    sha256: str


@final
class Pretrained(NamedTuple):
    """One pretrained checkpoint.

    Args:
        name: ``model.tag``.
        source: ``package:NAME/PATH`` or ``hub:OWNER/REPO``.
        revision: The commit of a Hub source; empty for a package.
        summary: One line, for lists.
        license: Licence of the weights.
        metrics: What it reached.
        files: Size and hash by file name.
    """

    name: str
    source: str
    revision: str
    summary: str
    license: str
    metrics: dict[str, float]
    files: dict[str, FileRecord]


def load_registry(catalog: Catalog) -> dict[str, Pretrained]:
    """Every pretrained checkpoint by name.

    Raises:
        ConfigError: A registry file is not well-formed, or two claim a name.
    """
    found: dict[str, Pretrained] = {}
    for path in (registry_path(), *catalog.registries):
        for entry in read_registry(path):
            if entry.name in found:
                raise ConfigError(f"{path}: checkpoint {entry.name!r} is registered twice")
            found[entry.name] = entry
    return dict(sorted(found.items()))


def find_pretrained(catalog: Catalog, name: str) -> Pretrained:
    """The pretrained checkpoint of a name.

    Raises:
        NotFoundError: The registry has none of that name.
    """
    registry = load_registry(catalog)
    if name not in registry:
        hint = nearest(name, registry) or f"make one: zoo train {name}"
        raise NotFoundError(f"no pretrained checkpoint {name!r}; {hint}")
    return registry[name]


def registry_path() -> Path:
    """The registry of this installation."""
    chosen = os.environ.get("ZOO_REGISTRY")
    if chosen:
        return Path(chosen).expanduser()
    packaged = Path(__file__).with_name("registry.toml")
    return packaged if packaged.is_file() else Path(__file__).parents[3] / "registry.toml"


def read_registry(path: Path) -> list[Pretrained]:
    """The checkpoints of one registry file.

    Raises:
        ConfigError: The file cannot be read or is not well-formed.
    """
    import tomllib

    try:
        text = path.read_text("utf-8")
        tables = tomllib.loads(text)
    except (OSError, ValueError) as error:  # not UTF-8, not TOML, a number with too many digits
        raise ConfigError(f"{path}: not a readable registry: {error}") from None
    schema = tables.get("schema")
    if schema != SCHEMA:
        raise ConfigError(
            f"{path}: schema = {schema!r}: this core reads {SCHEMA}; upgrade zoo-core"
        )
    try:
        return [
            _entry(f"{model}.{tag}", values, _place(path, text, f"{model}.{tag}"))
            for model, tags in tables.get("checkpoints", {}).items()
            for tag, values in tags.items()
        ]
    except AttributeError:
        raise ConfigError(f"{path}: checkpoints: wanted tables [checkpoints.MODEL.TAG]") from None


def _entry(name: str, values: dict[str, Any], place: str) -> Pretrained:
    try:
        files = {
            file: FileRecord(int(record["size"]), str(record["sha256"]))
            for file, record in values["files"].items()
        }
        entry = Pretrained(
            name=name,
            source=str(values["source"]),
            revision=str(values.get("revision", "")),
            summary=str(values.get("summary", "")),
            license=str(values.get("license", "")),
            metrics={key: float(value) for key, value in values.get("metrics", {}).items()},
            files=files,
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise ConfigError(f"{place}: checkpoint {name!r}: {error!r}") from None
    for file, record in entry.files.items():
        if not FILE.fullmatch(file) or record.size < 0 or not SHA256.fullmatch(record.sha256):
            raise ConfigError(f"{place}: checkpoint {name!r}: file {file!r}: bad name or record")
    if not PACKAGE.fullmatch(entry.source):
        raise ConfigError(f"{place}: checkpoint {name!r}: source {entry.source!r} is not supported")
    return entry


def _place(path: Path, text: str, name: str) -> str:
    """The file, with the line where an entry begins if it has a header of its own."""
    header = f"[checkpoints.{name}]"
    lines = [number for number, line in enumerate(text.splitlines(), 1) if header in line]
    return f"{path}, line {lines[0]}" if lines else str(path)
