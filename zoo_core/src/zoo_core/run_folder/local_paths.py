"""Local paths of a run config: they lie in ``state/local.json``, never in ``config.json``.

``config.json`` is published, so it names a file or folder by its base name alone. The whole path
lies in a file that is never pushed, and is put back when the checkpoint is read on this machine.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple, final

from zoo_core.configs.records import read_record
from zoo_core.errors import NotFoundError, ZooError
from zoo_core.references import Folder, parse_reference
from zoo_core.run_folder.ownership import STATE
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.storage.atomic import make_folder, target_errors, write_file

LOCAL = "local.json"


@final
class LocalPaths(NamedTuple):
    """The absolute paths of a run config.

    Args:
        configs: Those of the settings, by section and key; a list where a setting has several.
        source: The folder of the checkpoint that the weights start from, or empty.
    """

    configs: dict[str, dict[str, str | list[str]]]
    source: str


NO_PATHS = LocalPaths({}, "")


def find_local_paths(run_config: RunConfig, keys: Mapping[str, Collection[str]]) -> LocalPaths:
    """Returns the paths in a run config.

    Args:
        run_config: The run config.
        keys: The keys of the settings that are paths, by section.
    """
    configs = {
        section: {
            key: _each(value, lambda path: str(Path(path).absolute()))
            for key, value in values.items()
            if key in keys.get(section, ()) and value is not None
        }
        for section, values in run_config.configs.items()
    }
    folder = _source_folder(run_config.source)
    return LocalPaths(
        {section: paths for section, paths in configs.items() if paths},
        str(folder.absolute()) if folder else "",
    )


def without_local_paths(run_config: RunConfig, paths: LocalPaths) -> RunConfig:
    """Returns a run config with base names in the place of its paths."""
    configs: dict[str, dict[str, Any]] = {
        section: values
        | {key: _each(path, _base_name) for key, path in paths.configs.get(section, {}).items()}
        for section, values in run_config.configs.items()
    }
    source = _short_source(paths.source) if paths.source else run_config.source
    return replace(run_config, configs=configs, source=source)


def with_absolute_paths(run_config: RunConfig, paths: LocalPaths) -> RunConfig:
    """Returns a run config with its paths in full, which hold in every working directory."""
    configs: dict[str, dict[str, Any]] = {
        section: values | paths.configs.get(section, {})
        for section, values in run_config.configs.items()
    }
    source = f"dir:{paths.source}" if paths.source else run_config.source
    return replace(run_config, configs=configs, source=source)


def write_local_paths(folder: Path, paths: LocalPaths) -> None:
    """Writes the paths of a checkpoint; a run without any removes those of an earlier run.

    Raises:
        TargetError: The file cannot be written.
    """
    file = folder / STATE / LOCAL
    if not any(paths):
        with target_errors(file):
            file.unlink(missing_ok=True)
        return
    with target_errors(file):
        make_folder(file.parent)
    write_file(file, (json.dumps(paths._asdict(), indent=1) + "\n").encode())


def with_local_paths(run_config: RunConfig, folder: Path) -> RunConfig:
    """Returns the run config of a manifest with the paths of this machine, where they are known.

    Args:
        run_config: The run config, with base names.
        folder: The checkpoint folder. Paths of other data than the manifest's are ignored.
    """
    try:
        values = json.loads((folder / STATE / LOCAL).read_bytes())
        paths = read_record(LocalPaths, values, use_defaults=False)
    except (OSError, ValueError, RecursionError, ZooError):
        return run_config
    configs = {
        section: {
            key: path
            for key, path in paths.configs.get(section, {}).items()
            if values.get(key) == _each(path, _base_name)
        }
        for section, values in run_config.configs.items()
    }
    is_same_source = run_config.source == _short_source(paths.source)
    return with_absolute_paths(
        run_config, LocalPaths(configs, paths.source if is_same_source else "")
    )


def _source_folder(source: str) -> Path | None:
    """Returns the folder that a reference names; None if it names something else."""
    try:
        parsed = parse_reference(source)
    except NotFoundError:
        return None
    return parsed.path if isinstance(parsed, Folder) else None


def _short_source(path: str) -> str:
    return f"dir:{_base_name(path)}"


def _each(value: str | list[str], change: Callable[[str], str]) -> str | list[str]:
    """Returns a path, or each of a list, changed."""
    return change(value) if isinstance(value, str) else [change(path) for path in value]


def _base_name(path: str) -> str:
    return Path(path).name
