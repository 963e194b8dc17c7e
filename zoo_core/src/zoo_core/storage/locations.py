"""Where the zoo keeps what belongs to a person: ``ZOO_HOME``."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def zoo_home() -> Path:
    """``ZOO_HOME``, or else a folder ``zoo`` in the platform's place for user data."""
    chosen = os.environ.get("ZOO_HOME")
    if chosen:
        return Path(chosen).expanduser()
    if sys.platform == "win32":
        return Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local") / "zoo"
    if sys.platform == "darwin":
        return Path.home() / "Library" / "Application Support" / "zoo"
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share") / "zoo"


def data_folder() -> Path:
    """Where downloaded data is kept."""
    return zoo_home() / "data"


def runs_folder() -> Path:
    """Where local runs go if no other folder is named."""
    return zoo_home() / "runs"
