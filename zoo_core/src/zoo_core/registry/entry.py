"""Registry entries: made from a checkpoint, written as TOML, and added to a registry file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from zoo_core.data.splits import PUBLICATION_ORDER, main_split
from zoo_core.errors import ConfigError
from zoo_core.registry.file import (
    FULL_NAME,
    Pretrained,
    check_source,
    parse_registry,
    read_registry,
)
from zoo_core.run_folder.integrity import validate_checkpoint_files
from zoo_core.run_folder.manifest import SHARED, WEIGHTS, read_manifest, unfinished
from zoo_core.run_folder.run_log import read_seconds
from zoo_core.run_folder.safetensors_header import count_parameters
from zoo_core.storage.atomic import write_file
from zoo_core.storage.hashes import FileRecord

TABLE = re.compile(r"^\[([^\]\n]*)\]", re.MULTILINE)
"""The header of a table, and its name."""


def make_entry(
    folder: Path, source: str, *, revision: str = "", license: str = "other", name: str = ""
) -> Pretrained:
    """Returns the entry that pins a checkpoint.

    Args:
        folder: The checkpoint, with the files that the source has. The seconds of its training are
            known where it was trained.
        source: ``package:NAME/PATH`` or ``hub:OWNER/REPO``.
        revision: The commit of a Hub source.
        license: Licence of the weights.
        name: ``model.tag``; by default the recipe of the checkpoint.

    Raises:
        ConfigError: The checkpoint has no recipe and no name is given; or the name is not
            well-formed, or another model's.
        IntegrityError: A file is missing, or manifest and weights do not match.
        MisfitError: The checkpoint is unfinished.
        NotFoundError: There is no manifest.
    """
    validate_checkpoint_files(folder)
    manifest = read_manifest(folder)
    if manifest.status != "finished":
        raise unfinished(folder)
    run_config = manifest.run_config
    name = name or run_config.recipe
    if not name:
        raise ConfigError(f"{folder} was trained without a recipe: name it with --name MODEL.TAG")
    if not FULL_NAME.fullmatch(name):
        raise ConfigError(f"--name {name!r}: expected MODEL.TAG")
    if name.split(".")[0] != run_config.model:
        raise ConfigError(f"{name!r}: {folder} holds a {run_config.model}, name it after that")
    seconds = read_seconds(folder)
    metrics = manifest.metrics.get(main_split(manifest.metrics, PUBLICATION_ORDER), {})
    return Pretrained(
        name=name,
        source=source,
        revision=revision,
        summary=f"{run_config.model} trained on {run_config.dataset}.",
        license=license,
        metrics={metric: float(f"{value:.4g}") for metric, value in metrics.items()},
        files={file: FileRecord.of(folder / file) for file in SHARED},
        parameters=count_parameters(folder / WEIGHTS),
        seconds=None if seconds is None else round(seconds, 1),
    )


def entry_text(entry: Pretrained) -> str:
    """Returns the entry as ``registry.toml`` has it."""
    from tomlkit import string

    metrics = ", ".join(f"{metric} = {value!r}" for metric, value in entry.metrics.items())
    lines = [f"[checkpoints.{entry.name}]", f'source = "{entry.source}"']
    if entry.revision:
        lines.append(f'revision = "{entry.revision}"')
    lines.append(f"license = {string(entry.license).as_string()}")
    lines.append(f"summary = {string(entry.summary).as_string()}")
    lines.append(f"metrics = {{ {metrics} }}")
    if entry.parameters is not None:
        lines.append(f"parameters = {entry.parameters}")
    if entry.seconds is not None:
        lines.append(f"seconds = {entry.seconds!r}")
    for file, record in entry.files.items():
        lines.append(f'files."{file}" = {{ size = {record.size}, sha256 = "{record.sha256}" }}')
    return "\n".join(lines) + "\n"


def add_entry(path: Path, entry: Pretrained) -> Pretrained | None:
    """Adds an entry to a registry file, or replaces the entry of the same name.

    The rest of the file, comments and line ends too, stays as it is. The new text is checked
    before it is written.

    Returns:
        The entry that was replaced, if there was one.

    Raises:
        ConfigError: The entry's source is not pinned; or the file, or its new text, is not
            well-formed.
        TargetError: The file cannot be written to.
    """
    check_source(entry.source, entry.revision)
    before = read_registry(path)
    original = path.read_bytes().decode("utf-8-sig")
    text = original.replace("\r\n", "\n")
    old = next((known for known in before.checkpoints if known.name == entry.name), None)
    near = _tables_near(text, entry.name, is_known=old is not None)
    changed = _with_entry(text[near], entry)
    text = (text[: near.start] + changed + text[near.stop :]).rstrip("\n") + "\n"
    parse_registry(text, path)
    if "\r\n" in original:
        text = text.replace("\n", "\r\n")
    write_file(path, text.encode())
    return old


def _tables_near(text: str, name: str, *, is_known: bool) -> slice:
    """Returns the tables among which an entry belongs: those of its model, or the last entry.

    tomlkit takes half a second for a whole registry, because it copies all tables before each one.

    Args:
        text: A registry file.
        name: The entry's name.
        is_known: Whether the file has an entry of the name.
    """
    headers = list(TABLE.finditer(text))
    entries = [header for header in headers if header[1].startswith("checkpoints.")]
    model, _, _ = name.partition(".")
    own = [header for header in entries if header[1].startswith(f"checkpoints.{model}.")]
    chosen = own or entries[-1:]
    is_written_otherwise = is_known and f"checkpoints.{name}" not in [table[1] for table in own]
    if not chosen or is_written_otherwise:
        return slice(0, len(text))
    following = headers[headers.index(chosen[-1]) + 1 :]
    return slice(chosen[0].start(), following[0].start() if following else len(text))


def _with_entry(text: str, entry: Pretrained) -> str:
    """Returns a TOML text in which an entry is added, or replaced if it is there."""
    import tomlkit

    document: Any = tomlkit.parse(text)
    added: Any = tomlkit.parse(entry_text(entry))
    model, tag = entry.name.split(".")
    checkpoints = document.setdefault("checkpoints", tomlkit.table(is_super_table=True))
    tags = checkpoints.setdefault(model, tomlkit.table(is_super_table=True))
    tags[tag] = added["checkpoints"][model][tag]
    return tomlkit.dumps(document)
