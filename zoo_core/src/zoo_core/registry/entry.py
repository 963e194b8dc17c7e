"""An entry of the registry for a checkpoint: made, written as TOML, added to a file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoo_core.data.splits import PUBLICATION_ORDER, main_split
from zoo_core.errors import ConfigError
from zoo_core.registry.file import FULL_NAME, Pretrained, parse_registry, read_registry
from zoo_core.run_folder.integrity import validate_checkpoint_files
from zoo_core.run_folder.manifest import SHARED, read_manifest, unfinished
from zoo_core.storage.atomic import write_file
from zoo_core.storage.hashes import FileRecord


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
        ConfigError: It was made without a recipe, so it must be named; or the name is no name,
            or another model's.
        IntegrityError: A file is missing, or manifest and weights are not sound.
        MisfitError: It is unfinished.
        NotFoundError: There is no manifest.
    """
    validate_checkpoint_files(folder)
    manifest = read_manifest(folder)
    if manifest.status != "finished":
        raise unfinished(folder)
    named = name or manifest.run_config.recipe
    if not named:
        raise ConfigError(f"{folder} was trained without a recipe: name it with --name MODEL.TAG")
    if not FULL_NAME.fullmatch(named):
        raise ConfigError(f"--name {named!r}: expected MODEL.TAG")
    if named.split(".")[0] != manifest.run_config.model:
        raise ConfigError(
            f"{named!r}: {folder} holds a {manifest.run_config.model}, name it after that"
        )
    split = main_split(manifest.metrics, PUBLICATION_ORDER)
    return Pretrained(
        name=named,
        source=source,
        revision=revision,
        summary=f"{manifest.run_config.model} trained on {manifest.run_config.dataset}.",
        license=license,
        metrics={
            key: float(f"{each:.4g}") for key, each in manifest.metrics.get(split, {}).items()
        },
        files={file: FileRecord.of(folder / file) for file in SHARED},
    )


def entry_text(entry: Pretrained) -> str:
    """Returns the entry as it stands in ``registry.toml``."""
    from tomlkit import string

    metrics = ", ".join(f"{key} = {value!r}" for key, value in entry.metrics.items())
    lines = [f"[checkpoints.{entry.name}]", f'source = "{entry.source}"']
    if entry.revision:
        lines.append(f'revision = "{entry.revision}"')
    lines.append(f"license = {string(entry.license).as_string()}")
    lines.append(f"summary = {string(entry.summary).as_string()}")
    lines.append(f"metrics = {{ {metrics} }}")
    for file, record in entry.files.items():
        lines.append(f'files."{file}" = {{ size = {record.size}, sha256 = "{record.sha256}" }}')
    return "\n".join(lines) + "\n"


def add_entry(path: Path, entry: Pretrained) -> bool:
    """Adds an entry to a registry file, or puts it in the place of the one of that name.

    All else in the file, remarks too, stays as it is. What it would become is checked before it
    is written.

    Returns:
        Whether an older entry gave way.

    Raises:
        ConfigError: The file, or what it would become, is not well-formed.
        TargetError: It cannot be written to.
    """
    import tomlkit

    before = read_registry(path)
    file: Any = tomlkit.parse(path.read_text("utf-8-sig"))
    made: Any = tomlkit.parse(entry_text(entry))
    model, tag = entry.name.split(".")
    every = file.setdefault("checkpoints", tomlkit.table(is_super_table=True))
    tags = every.setdefault(model, tomlkit.table(is_super_table=True))
    tags[tag] = made["checkpoints"][model][tag]
    text = tomlkit.dumps(file).rstrip("\n") + "\n"
    parse_registry(text, path)
    write_file(path, text.encode())
    return any(each.name == entry.name for each in before.checkpoints)
