"""The folders of the zoo's own files: ``ZOO_HOME`` and what lies in it."""

from __future__ import annotations

import os
from pathlib import Path

from platformdirs import user_data_path


def zoo_home() -> Path:
    """Returns ``ZOO_HOME``, by default the folder ``zoo`` in the platform's place for user data."""
    chosen = os.environ.get("ZOO_HOME")
    return Path(chosen).expanduser() if chosen else user_data_path("zoo", appauthor=False)


def data_folder() -> Path:
    """Returns the folder of downloaded data."""
    return zoo_home() / "data"


def encoded_folder() -> Path:
    """Returns the folder of texts that were turned into ids; all of it can be made again."""
    return data_folder() / "encoded"


def runs_folder() -> Path:
    """Returns the folder of runs that are not given another one."""
    return zoo_home() / "runs"


def nearest_existing(path: Path) -> Path:
    """Returns the nearest of a path and its parents that exists, as it is written in the path.

    A link that leads nowhere exists: no folder can be made under its name. What lies in a closed
    folder does not, because nothing can be told of it. The last parent of a relative path is ``.``.
    """
    return next(place for place in (path, *path.parents) if os.path.lexists(place))


def leads_nowhere(path: Path) -> bool:
    """Whether a path is a link to something that does not exist."""
    try:
        path.stat()
    except FileNotFoundError:
        return path.is_symlink()
    except OSError:  # in a closed folder, where nothing can be told
        return False
    return False
