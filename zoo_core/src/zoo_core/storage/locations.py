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
