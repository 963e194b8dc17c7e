"""Detection of pickled weights, which are never read: reading a pickle runs the code in it.

A file is refused for its beginning, for the names in an archive such as torch.save writes, or for a
name that pickles have. A ``.bin`` file may hold anything, so its suffix alone says nothing.
"""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

from zoo_core.run_folder.manifest import WEIGHTS

SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")
NAMED = re.compile(r".*\.(pt|pth|ckpt|pkl|pickle)|pytorch_model.*\.bin", re.IGNORECASE | re.DOTALL)
"""Names that are those of a pickle whatever the file holds."""
PROTOCOLS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""How a pickle begins, those of torch.save in its older format too."""
CONVERT = (
    'in an environment you trust: python -c "from torch.serialization import load; '
    "from safetensors.torch import save_file; "
    "save_file(load('{name}', weights_only=True), '{weights}')\""
)


def find_pickles(path: Path) -> list[Path]:
    """Returns the files in a folder, or the file itself, that are pickles or named as one."""
    if path.is_file():
        files = [path]
    elif path.is_dir():
        files = sorted(path.iterdir())
    else:
        files = []
    return [
        file
        for file in files
        if file.suffix.lower() in SUFFIXES and (NAMED.fullmatch(file.name) or is_pickle(file))
    ]


def is_pickle(path: Path) -> bool:
    """Whether a file is a pickle, or an archive that holds one, as torch.save writes."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            if file.read(2) in PROTOCOLS:
                return True
            with zipfile.ZipFile(file) as archive:
                return any(name.endswith(".pkl") for name in archive.namelist())
    except (OSError, ValueError, zipfile.BadZipFile):  # not readable, or no archive
        return False


def explain_pickle(path: Path) -> str:
    """Explains what to do with a pickle, or with a folder that holds one instead of weights.

    Returns:
        The message; empty for anything else.
    """
    pickles = find_pickles(path)
    if not pickles or (path / WEIGHTS).exists():
        return ""
    file = next(filter(is_pickle, pickles), pickles[0])
    if is_pickle(file):
        what, remedy = "a pickle", CONVERT.format(name=file, weights=WEIGHTS)
    else:
        what, remedy = "named as a pickle", f"the weights of a checkpoint are {WEIGHTS}"
    if path == file:
        return f"{path} is {what}; {remedy}"
    return f"{path} holds {file.name}, {what}; {remedy}"
