"""One registry file, ``registry.toml``: read, checked, and refused with file and line."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, NamedTuple, TypeAlias, final

from zoo_core.configs.records import Count, Rule, read_record
from zoo_core.errors import ConfigError
from zoo_core.references import NO_DEVICE, REPO
from zoo_core.run_folder.manifest import MANIFEST, WEIGHTS
from zoo_core.storage.hashes import FileRecord
from zoo_core.storage.utf8 import read_utf8

SCHEMA = 1
NAME = re.compile(r"[A-Za-z0-9_-]+")
FULL_NAME = re.compile(rf"{NAME.pattern}\.{NAME.pattern}")
"""``model.tag``."""
FILE = re.compile(rf"{NO_DEVICE}\w(?:[\w.-]*[\w-])?", re.ASCII | re.IGNORECASE)
"""A file name that POSIX and Windows take; Windows reserves some and allows no dot at the end."""
DISTRIBUTION = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")
SHA256 = re.compile(r"[0-9a-f]{64}")
COMMIT = re.compile(r"[0-9a-f]{40}")
PACKAGE = re.compile(r"package:(?P<package>\w+)/(?P<path>[\w-]+(?:/[\w.-]*\w)*)", re.ASCII)
HUB = re.compile(f"hub:{REPO}", re.ASCII)
TABLES = ("schema", "checkpoints", "plugins")
MAX_MESSAGE = 300
"""Characters of a message about an entry."""


@final
class Pretrained(NamedTuple):
    """A pretrained checkpoint.

    Args:
        name: ``model.tag``.
        source: ``package:NAME/PATH`` or ``hub:OWNER/REPO``.
        revision: The commit of a Hub source; empty for a package.
        summary: One line, for lists.
        license: Licence of the weights.
        metrics: Its published metrics.
        files: Size and sha256 of every file, by file name.
        parameters: The numbers in its weights; None if the registry does not say.
        seconds: Seconds of its training; None if the registry does not say.
    """

    name: str
    source: str
    revision: str
    summary: str
    license: str
    metrics: dict[str, float]
    files: dict[str, FileRecord]
    parameters: int | None = None
    seconds: float | None = None

    @property
    def size(self) -> int:
        """The bytes of all files."""
        return sum(record.size for record in self.files.values())


@final
class KnownPlugin(NamedTuple):
    """A plugin that the registry lists, installed or not.

    Args:
        name: The name of its entry point.
        distribution: The distribution to install.
        summary: One line.
        offers: Names of its models, datasets, trainers and tokenizers.
        commands: Names of its commands.
        loggers: Names of its loggers.
        formats: Names of its export formats.
        engines: Names of its engines.
    """

    name: str
    distribution: str
    summary: str
    offers: tuple[str, ...]
    commands: tuple[str, ...] = ()
    loggers: tuple[str, ...] = ()
    formats: tuple[str, ...] = ()
    engines: tuple[str, ...] = ()


@final
class Registry(NamedTuple):
    """The contents of a registry file."""

    checkpoints: list[Pretrained]
    plugins: list[KnownPlugin]


Line: TypeAlias = Annotated[str, Rule("a line of text", str.isprintable)]
Seconds: TypeAlias = Annotated[
    float, Rule("a number of seconds", lambda value: value >= 0 and math.isfinite(value))
]
Names: TypeAlias = tuple[Annotated[str, Rule("a name", NAME.fullmatch)], ...]


@final
class _Pin(NamedTuple):
    """The table of a file."""

    size: Count
    sha256: Annotated[str, Rule("64 hex digits", SHA256.fullmatch)]


@final
class _CheckpointTable(NamedTuple):
    """The table of a checkpoint."""

    source: Line
    files: dict[str, _Pin]
    metrics: dict[str, float] | None = None
    parameters: Count | None = None
    seconds: Seconds | None = None
    revision: Line = ""
    license: Line = ""
    summary: Line = ""


@final
class _PluginTable(NamedTuple):
    """The table of a known plugin."""

    distribution: Annotated[str, Rule("the name of a package", DISTRIBUTION.fullmatch)]
    summary: Line = ""
    models: Names = ()
    datasets: Names = ()
    trainers: Names = ()
    commands: Names = ()
    tokenizers: Names = ()
    loggers: Names = ()
    formats: Names = ()
    engines: Names = ()


def read_registry(path: Path) -> Registry:
    """Returns the contents of a registry file.

    Raises:
        ConfigError: The file cannot be read or is not well-formed; the message has file and line.
    """
    try:
        text = read_utf8(path)
    except OSError as error:
        raise ConfigError(f"cannot read {path}: {error.strerror or error}") from None
    except ValueError as error:
        raise ConfigError(f"{path}: not a readable registry: {error}") from None
    return parse_registry(text, path)


@functools.lru_cache(maxsize=4)  # one command may ask for models, plugins and checkpoints in turn
def parse_registry(text: str, path: Path) -> Registry:
    """Returns the contents of a registry, which are not to be changed.

    Args:
        text: TOML.
        path: The file that errors name.

    Raises:
        ConfigError: The text is not well-formed.
    """
    import tomllib

    try:
        tables = tomllib.loads(text)
    except (ValueError, RecursionError) as error:  # no TOML, or nested too deeply
        raise ConfigError(f"{path}: not a readable registry: {error}") from None
    _check_schema(tables.get("schema"), _locate(path, text, "schema"))
    if unknown := tables.keys() - set(TABLES):
        place = _locate(path, text, min(unknown))
        raise ConfigError(f"{place}: {min(unknown)}: a registry has {', '.join(TABLES)}")
    checkpoints, plugins = tables.get("checkpoints", {}), tables.get("plugins", {})
    models = checkpoints.values() if isinstance(checkpoints, Mapping) else [None]
    if not all(isinstance(table, Mapping) for table in (*models, plugins)):
        place = _locate(path, text, "[checkpoints", "checkpoints", "plugins")
        raise ConfigError(f"{place}: expected tables [checkpoints.MODEL.TAG] and [plugins.NAME]")
    reader = _Reader(path, text)
    return Registry(
        [
            reader.checkpoint(f"{model}.{tag}", values)
            for model, tags in checkpoints.items()
            for tag, values in tags.items()
        ],
        [reader.plugin(name, values) for name, values in plugins.items()],
    )


def _check_schema(schema: object, place: str) -> None:
    if type(schema) is int and schema > SCHEMA:
        raise ConfigError(
            f"{place}: schema = {schema} is newer than zoo-core {version('zoo-core')} reads "
            f"({SCHEMA}): pip install --upgrade zoo-core"
        )
    if type(schema) is not int or schema != SCHEMA:
        found = "no schema" if schema is None else f"schema = {schema!r}"
        raise ConfigError(f"{place}: {found}: expected the line schema = {SCHEMA}")


def _locate(path: Path, text: str, *prefixes: str) -> str:
    """The file, and the first line with the first of the prefixes that begins a line."""
    lines = [re.sub(r"[\s\"']", "", line.partition("#")[0]) for line in text.splitlines()]
    for prefix in prefixes:
        for number, line in enumerate(lines, 1):
            if line.startswith(prefix):
                return f"{path}, line {number}"
    return str(path)


@final
class _Reader(NamedTuple):
    """Reads the entries of a registry; an error names the line where its entry begins."""

    path: Path
    text: str

    def checkpoint(self, name: str, values: object) -> Pretrained:
        try:
            table = read_record(_CheckpointTable, values, error=ConfigError)
            _check_checkpoint(name, table)
        except ConfigError as error:
            raise self._error("checkpoint", name, str(error)) from None
        return Pretrained(
            name=name,
            source=table.source,
            revision=table.revision,
            summary=table.summary,
            license=table.license,
            metrics=table.metrics or {},
            files={file: FileRecord(*pin) for file, pin in table.files.items()},
            parameters=table.parameters,
            seconds=table.seconds,
        )

    def plugin(self, name: str, values: object) -> KnownPlugin:
        try:
            table = read_record(_PluginTable, values, error=ConfigError)
        except ConfigError as error:
            raise self._error("plugin", name, str(error)) from None
        offers = table.models + table.datasets + table.trainers + table.tokenizers
        return KnownPlugin(
            name=name,
            distribution=table.distribution,
            summary=table.summary,
            offers=offers,
            commands=table.commands,
            loggers=table.loggers,
            formats=table.formats,
            engines=table.engines,
        )

    def _error(self, kind: str, name: str, message: str) -> ConfigError:
        table = f"{kind}s.{name}"
        prefixes = (f"[{table}]", f"[{table}.", f"{table}.", f"{table}=")
        place = _locate(self.path, self.text, *prefixes, f"[{table.rpartition('.')[0]}]")
        return ConfigError(f"{place}: {kind} {name!r:.80}: {message:.{MAX_MESSAGE}}")


def check_source(source: str, revision: str) -> None:
    """Checks that a source and its revision pin a checkpoint.

    Raises:
        ConfigError: They do not.
    """
    if HUB.fullmatch(source):
        if not COMMIT.fullmatch(revision):
            raise ConfigError(f"revision {revision!r} can move: pin the 40 hex digits of a commit")
    elif not PACKAGE.fullmatch(source):
        raise ConfigError(f"source {source!r}: expected hub:OWNER/REPO or package:PACKAGE/PATH")
    elif revision:
        raise ConfigError("a package has no revision")


def _check_checkpoint(name: str, table: _CheckpointTable) -> None:
    """Raises ConfigError for what the types of the values cannot say."""
    if not FULL_NAME.fullmatch(name):
        raise ConfigError("expected a name like model.tag")
    check_source(table.source, table.revision)
    for file in table.files:
        if not FILE.fullmatch(file):
            raise ConfigError(f"file {file!r} leaves its folder, or is not a file name")
    for file in (MANIFEST, WEIGHTS):
        if file not in table.files:
            raise ConfigError(f'files."{file}" is missing: it must be pinned')
