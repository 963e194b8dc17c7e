"""One registry file: ``registry.toml``, read and checked line by line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple, final

from zoo_core.errors import ConfigError

SCHEMA = 1
NAME = re.compile(r"[A-Za-z0-9_-]+")
FILE = re.compile(
    r"(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))\w(?:[\w.-]*[\w-])?", re.ASCII | re.IGNORECASE
)
"""A name under POSIX and Windows alike, where some are devices and none ends in a dot."""
SHA256 = re.compile(r"[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}")
PACKAGE = re.compile(r"package:(?P<package>\w+)/(?P<path>[\w-]+(?:/[\w.-]*\w)*)", re.ASCII)
REPO = r"(?![^@]*(?:--|\.\.))(?=[^@]{3,96}(?:@|$))(?P<repo>\w(?:[\w.-]*\w)?/\w(?:[\w.-]*\w)?)"
"""``owner/name`` as the Hub takes it: neither begins or ends with a sign, none comes twice."""
HUB = re.compile(f"hub:{REPO}", re.ASCII)
ENTRY = {"source", "revision", "license", "summary", "metrics", "files"}
PLUGIN = {"distribution", "summary", "models", "datasets", "trainers"}


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


@final
class KnownPlugin(NamedTuple):
    """A plugin that is known, and perhaps not installed.

    Args:
        name: Of its entry point.
        distribution: What to install.
        summary: One line.
        offers: Names of its models, datasets and trainers.
    """

    name: str
    distribution: str
    summary: str
    offers: tuple[str, ...]


@final
class Registry(NamedTuple):
    """What one file holds."""

    checkpoints: list[Pretrained]
    plugins: list[KnownPlugin]


def read_registry(path: Path) -> Registry:
    """The checkpoints and plugins of one registry file.

    Raises:
        ConfigError: The file cannot be read or is not well-formed; file, line and name are told.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, ValueError) as error:
        raise ConfigError(f"{path}: not a readable registry: {error}") from None
    return parse_registry(text, path)


def parse_registry(text: str, path: Path) -> Registry:
    """The checkpoints and plugins of a registry's text.

    Args:
        text: TOML.
        path: The file that errors name.

    Raises:
        ConfigError: It is not well-formed.
    """
    import tomllib

    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # not TOML, too many digits, too deep
        raise ConfigError(f"{path}: not a readable registry: {error}") from None
    schema = tables.get("schema")
    if schema != SCHEMA or isinstance(schema, bool):
        raise ConfigError(
            f"{path}: schema = {schema!r}: this core reads {SCHEMA}; upgrade zoo-core"
        )
    if unknown := set(tables) - {"schema", "checkpoints", "plugins"}:
        raise ConfigError(f"{path}: {min(unknown)}: a registry has schema, checkpoints, plugins")
    checkpoints, plugins = tables.get("checkpoints", {}), tables.get("plugins", {})
    try:
        return Registry(
            [
                _checked(path, text, "checkpoint", f"{model}.{tag}", values)
                for model, tags in checkpoints.items()
                for tag, values in tags.items()
            ],
            [_checked(path, text, "plugin", name, values) for name, values in plugins.items()],
        )
    except AttributeError:
        raise ConfigError(f"{path}: checkpoints: wanted tables [checkpoints.MODEL.TAG]") from None


def _checked(path: Path, text: str, kind: str, name: str, values: Any) -> Any:
    """An entry, with the line where it begins in what is said of a wrong one."""
    try:
        if not isinstance(values, Mapping):
            raise ValueError("wanted a table")
        return _plugin(name, values) if kind == "plugin" else _entry(name, values)
    except KeyError as error:
        said = f"{error.args[0]} is missing"
    except (AttributeError, TypeError, ValueError) as error:
        said = str(error)
    header = f"[{kind}s.{name}]"
    lines = [number for number, line in enumerate(text.splitlines(), 1) if header in line]
    place = f"{path}, line {lines[0]}" if lines else str(path)
    raise ConfigError(f"{place}: {kind} {name!r:.80}: {said:.300}")


def _entry(name: str, values: Mapping[str, Any]) -> Pretrained:
    _refuse_unknown(values, ENTRY)
    if not all(NAME.fullmatch(part) for part in name.split(".")) or name.count(".") != 1:
        raise ValueError("wanted a name like model.tag")
    source, revision = str(values["source"]), str(values.get("revision", ""))
    if HUB.fullmatch(source):
        if not COMMIT.fullmatch(revision):
            raise ValueError(f"revision {revision!r} can move: pin the 40 hex digits of a commit")
    elif not PACKAGE.fullmatch(source):
        raise ValueError(f"source {source!r}: wanted hub:OWNER/REPO or package:PACKAGE/PATH")
    elif revision:
        raise ValueError("a package has no revision")
    return Pretrained(
        name=name,
        source=source,
        revision=revision,
        summary=str(values.get("summary", "")),
        license=str(values.get("license", "")),
        metrics={key: _number(value) for key, value in values.get("metrics", {}).items()},
        files={file: _record(file, record) for file, record in values["files"].items()},
    )


def _record(file: str, record: Mapping[str, Any]) -> FileRecord:
    if not FILE.fullmatch(file):
        raise ValueError(f"file {file!r} leaves its folder, or is no name")
    size, sha256 = record["size"], record["sha256"]
    if type(size) is not int or size < 0:
        raise ValueError(f"file {file!r}: size = {size!r}: wanted bytes")
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        raise ValueError(f"file {file!r}: sha256 = {sha256!r:.80}: wanted 64 hex digits")
    return FileRecord(size, sha256)


def _plugin(name: str, values: Mapping[str, Any]) -> KnownPlugin:
    _refuse_unknown(values, PLUGIN)
    lists = [values.get(kind, []) for kind in ("models", "datasets", "trainers")]
    if not all(isinstance(each, list) for each in lists):
        raise ValueError("models, datasets and trainers are lists of names")
    offers = tuple(str(each) for listed in lists for each in listed)
    return KnownPlugin(name, str(values["distribution"]), str(values.get("summary", "")), offers)


def _refuse_unknown(values: Mapping[str, Any], known: set[str]) -> None:
    if unknown := set(values) - known:
        raise ValueError(f"{min(unknown)}: no such key; there are {', '.join(sorted(known))}")


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"metrics: {value!r} is no number")
    return float(value)
