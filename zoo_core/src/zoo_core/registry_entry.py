"""An entry of the registry for a checkpoint: made, written as TOML, added to a file."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from zoo_core.errors import ConfigError, IntegrityError
from zoo_core.files import write_file
from zoo_core.manifest import MANIFEST, WEIGHTS, read_manifest
from zoo_core.registry_file import NAME, FileRecord, Pretrained, parse_registry, read_registry

PINNED = (MANIFEST, WEIGHTS, "README.md")
"""The files that an entry pins; others of a folder are never read."""


def make_entry(
    folder: Path, source: str, *, revision: str = "", license: str = "other", name: str = ""
) -> Pretrained:
    """The entry of a checkpoint's folder.

    Args:
        folder: The checkpoint, as it lies at the source.
        source: ``package:NAME/PATH`` or ``hub:OWNER/REPO``.
        revision: The commit of a Hub source.
        license: Of the weights.
        name: ``model.tag``; by default the recipe that it was made by.

    Raises:
        ConfigError: It was made without a recipe, so it must be named; or the name is no name.
        IntegrityError: A file is missing.
    """
    manifest = read_manifest(folder)
    named = name or manifest.plan.recipe
    if not named:
        raise ConfigError(f"{folder} was trained without a recipe: name it with --name MODEL.TAG")
    if not all(NAME.fullmatch(part) for part in named.split(".")) or named.count(".") != 1:
        raise ConfigError(f"--name {named!r}: wanted MODEL.TAG")
    judged = next((s for s in ("test", "validation", "train") if s in manifest.metrics), "")
    return Pretrained(
        name=named,
        source=source,
        revision=revision,
        summary=f"{manifest.plan.model} trained on {manifest.plan.dataset}.",
        license=license,
        metrics={key: float(f"{each:.4g}") for key, each in manifest.metrics[judged].items()},
        files={file: _record(folder / file) for file in PINNED},
    )


def entry_text(entry: Pretrained) -> str:
    """The entry as it stands in ``registry.toml``."""
    metrics = ", ".join(f"{key} = {value!r}" for key, value in entry.metrics.items())
    lines = [f"[checkpoints.{entry.name}]", f'source = "{entry.source}"']
    lines += [f'revision = "{entry.revision}"'] if entry.revision else []
    lines += [f"license = {_quoted(entry.license)}", f"summary = {_quoted(entry.summary)}"]
    lines += [f"metrics = {{ {metrics} }}"]
    lines += [
        f'files."{file}" = {{ size = {record.size}, sha256 = "{record.sha256}" }}'
        for file, record in entry.files.items()
    ]
    return "\n".join(lines) + "\n"


def add_entry(path: Path, entry: Pretrained) -> bool:
    """Puts an entry at the end of a registry file, or in the place of the one of that name.

    What it would become is checked before it is written.

    Returns:
        Whether an older entry gave way.

    Raises:
        ConfigError: The file, or what it would become, is not well-formed.
        TargetError: It cannot be written to.
    """
    read_registry(path)
    header = f"[checkpoints.{entry.name}]"
    blocks = _blocks(path.read_text("utf-8"))
    replaced = header in blocks
    blocks[header] = entry_text(entry)
    text = "\n".join(block.strip("\n") + "\n" for block in blocks.values())
    parse_registry(text, path)
    write_file(path, text.encode())
    return replaced


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _blocks(text: str) -> dict[str, str]:
    """The file in pieces, each from its table's header to the next one's."""
    blocks: dict[str, str] = {"": ""}
    header = ""
    for line in text.splitlines(keepends=True):
        if line.startswith("["):
            header = line.strip()
            blocks[header] = ""
        blocks[header] += line
    return blocks


def _record(path: Path) -> FileRecord:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise IntegrityError(f"cannot read {path}: {error.strerror}") from None
    return FileRecord(len(data), hashlib.sha256(data).hexdigest())
