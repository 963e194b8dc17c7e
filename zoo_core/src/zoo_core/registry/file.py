"""One registry file: ``registry.toml``, read and checked line by line."""

from __future__ import annotations

import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any, NamedTuple, final

from zoo_core.errors import ConfigError
from zoo_core.references import REPO
from zoo_core.run_folder.manifest import MANIFEST, WEIGHTS
from zoo_core.storage.hashes import FileRecord

SCHEMA = 1
NAME = re.compile(r"[A-Za-z0-9_-]+")
FULL_NAME = re.compile(rf"{NAME.pattern}\.{NAME.pattern}")
"""``model.tag``."""
FILE = re.compile(
    r"(?!(?:con|prn|aux|nul|com\d|lpt\d)(?:\.|$))\w(?:[\w.-]*[\w-])?", re.ASCII | re.IGNORECASE
)
"""A name under POSIX and Windows alike, where some are devices and none ends in a dot."""
DISTRIBUTION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
SHA256 = re.compile(r"[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}")
PACKAGE = re.compile(r"package:(?P<package>\w+)/(?P<path>[\w-]+(?:/[\w.-]*\w)*)", re.ASCII)
HUB = re.compile(f"hub:{REPO}", re.ASCII)
ENTRY = {"source", "revision", "license", "summary", "metrics", "files"}
PLUGIN = {"distribution", "summary", "models", "datasets", "trainers"}


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
        entries: Names of its models, datasets and trainers.
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
        text = path.read_text("utf-8-sig")
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
    except (ValueError, RecursionError) as error:  # not TOML, or too deep or long to be any
        raise ConfigError(f"{path}: not a readable registry: {error}") from None
    _check_schema(tables.get("schema"), _place(path, text, "schema"))
    if unknown := set(tables) - {"schema", "checkpoints", "plugins"}:
        place = _place(path, text, min(unknown))
        raise ConfigError(f"{place}: {min(unknown)}: a registry has schema, checkpoints, plugins")
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
        place = _place(path, text, "[checkpoints", "checkpoints")
        raise ConfigError(
            f"{place}: checkpoints: expected tables [checkpoints.MODEL.TAG]"
        ) from None


def _check_schema(schema: object, place: str) -> None:
    if type(schema) is int and schema > SCHEMA:
        raise ConfigError(
            f"{place}: schema = {schema} is newer than zoo-core {version('zoo-core')} reads "
            f"({SCHEMA}): pip install --upgrade zoo-core"
        )
    if type(schema) is not int or schema != SCHEMA:
        raise ConfigError(f"{place}: schema = {schema!r}: expected {SCHEMA}")


def _place(path: Path, text: str, *words: str) -> str:
    """The file, and the first line that begins with one of the words, the first of which can."""
    lines = [re.sub(r"[\s\"']", "", each.partition("#")[0]) for each in text.splitlines()]
    for word in words:
        for number, line in enumerate(lines, 1):
            if line.startswith(word):
                return f"{path}, line {number}"
    return str(path)


def _checked(path: Path, text: str, kind: str, name: str, values: Any) -> Any:
    """An entry, with the line where it begins in what is said of a wrong one."""
    table = f"{kind}s.{name}"
    try:
        if not isinstance(values, Mapping):
            raise ValueError("expected a table")
        return _plugin(name, values) if kind == "plugin" else _entry(name, values)
    except KeyError as error:
        said = f"{error.args[0]} is missing"
    except (AttributeError, TypeError, ValueError) as error:
        said = str(error)
    words = (f"[{table}]", f"[{table}.", f"{table}.", f"{table}=")
    place = _place(path, text, *words, f"[{table.rpartition('.')[0]}]")
    raise ConfigError(f"{place}: {kind} {name!r:.80}: {said:.300}")


def _entry(name: str, values: Mapping[str, Any]) -> Pretrained:
    _check_keys(values, ENTRY)
    if not FULL_NAME.fullmatch(name):
        raise ValueError("expected a name like model.tag")
    source, revision = _text(values, "source", None), _text(values, "revision")
    if HUB.fullmatch(source):
        if not COMMIT.fullmatch(revision):
            raise ValueError(f"revision {revision!r} can move: pin the 40 hex digits of a commit")
    elif not PACKAGE.fullmatch(source):
        raise ValueError(f"source {source!r}: expected hub:OWNER/REPO or package:PACKAGE/PATH")
    elif revision:
        raise ValueError("a package has no revision")
    return Pretrained(
        name=name,
        source=source,
        revision=revision,
        summary=_text(values, "summary"),
        license=_text(values, "license"),
        metrics={key: _number(value) for key, value in values.get("metrics", {}).items()},
        files=_files(values["files"]),
    )


def _files(values: Mapping[str, Any]) -> dict[str, FileRecord]:
    """The pins; without those of manifest and weights nothing would be pinned."""
    found = {file: _record(file, record) for file, record in values.items()}
    for name in (MANIFEST, WEIGHTS):
        if name not in found:
            raise ValueError(f'files."{name}" is missing: it must be pinned')
    return found


def _text(values: Mapping[str, Any], key: str, default: str | None = "") -> str:
    value = values[key] if default is None else values.get(key, default)
    if not isinstance(value, str) or not value.isprintable():
        raise ValueError(f"{key} = {value!r:.80}: expected a line of text")
    return value


def _record(file: str, record: Mapping[str, Any]) -> FileRecord:
    if not FILE.fullmatch(file):
        raise ValueError(f"file {file!r} leaves its folder, or is no name")
    size, sha256 = record["size"], record["sha256"]
    if type(size) is not int or size < 0:
        raise ValueError(f"file {file!r}: size = {size!r}: expected bytes")
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256):
        raise ValueError(f"file {file!r}: sha256 = {sha256!r:.80}: expected 64 hex digits")
    return FileRecord(size, sha256)


def _plugin(name: str, values: Mapping[str, Any]) -> KnownPlugin:
    _check_keys(values, PLUGIN)
    lists = [values.get(kind, []) for kind in ("models", "datasets", "trainers")]
    if not all(isinstance(each, list) for each in lists):
        raise ValueError("models, datasets and trainers are lists of names")
    offers = tuple(each for listed in lists for each in listed)
    if not all(isinstance(each, str) and NAME.fullmatch(each) for each in offers):
        raise ValueError("models, datasets and trainers are lists of names")
    distribution = _text(values, "distribution", None)
    if not DISTRIBUTION.fullmatch(distribution):
        raise ValueError(f"distribution = {distribution!r:.80}: expected a name of a package")
    return KnownPlugin(name, distribution, _text(values, "summary"), offers)


def _check_keys(values: Mapping[str, Any], known: set[str]) -> None:
    if unknown := set(values) - known:
        raise ValueError(f"{min(unknown)}: no such key; there are {', '.join(sorted(known))}")


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise ValueError(f"metrics: {value!r} is no number")
    return float(value)
