"""Which loggers a run has: ``state/loggers.json``, which stays on this machine.

Loggers decide nothing of a run, so they are no part of its run config or manifest. A resume reads
their names here. Each logger has a folder of its own, ``logs/NAME``.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path

from zoo_core.run_folder.ownership import LOGS, STATE
from zoo_core.storage.atomic import make_folder, target_errors, write_file

LOGGERS = "loggers.json"


def write_logger_names(folder: Path, names: Sequence[str]) -> None:
    """Records the loggers of a run; one without any has no file.

    Raises:
        TargetError: The file cannot be written.
    """
    file = folder / STATE / LOGGERS
    with target_errors(file):
        if not names:
            file.unlink(missing_ok=True)
            return
        make_folder(file.parent)
    write_file(file, (json.dumps(list(names)) + "\n").encode())


def read_logger_names(folder: Path) -> tuple[str, ...]:
    """Returns the loggers of a run; none if they are not known."""
    try:
        names = json.loads((folder / STATE / LOGGERS).read_bytes())
    except (OSError, ValueError, RecursionError):
        return ()
    if not isinstance(names, list):
        return ()
    return tuple(name for name in names if isinstance(name, str))


def logger_folder(folder: Path, name: str) -> Path:
    """Returns the folder of a logger's files.

    Args:
        folder: The run folder.
        name: The name of the logger, or ``plugin:name``.
    """
    return folder / LOGS / name.rpartition(":")[2]


def remove_logs(folder: Path, names: Iterable[str]) -> None:
    """Removes what loggers wrote, where it is in their own folders.

    Raises:
        TargetError: A file cannot be removed.
    """
    logs = folder / LOGS
    with target_errors(logs):
        present = {path.name: path for path in logs.iterdir()} if logs.is_dir() else {}
        for name in names:
            path = present.get(logger_folder(folder, name).name)
            if path is not None and path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
