"""Detection of pickled weights, which are never read: reading a pickle runs the code in it.

A file is refused for its beginning, for the names in an archive such as torch.save writes, or for a
name that pickles have. A ``.bin`` file may hold anything, so its suffix alone says nothing.
"""

from __future__ import annotations

import io
import os
import re
import warnings
import zipfile
from pathlib import Path
from pickletools import OpcodeInfo, StackObject, genops, markobject
from typing import BinaryIO, NamedTuple, final

from zoo_core.run_folder.manifest import WEIGHTS

SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".pkl", ".pickle")
NAMED = re.compile(r".*\.(pt|pth|ckpt|pkl|pickle)|pytorch_model.*\.bin", re.IGNORECASE | re.DOTALL)
"""Names that are those of a pickle whatever the file holds."""
PROTOCOLS = (b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""How a pickle begins, those of torch.save in its older format too."""
STOP = b"."
"""The opcode that ends a pickle."""
MAX_BYTES = 1 << 16
"""Bytes at the beginning of a file that are read for the opcodes of a pickle without protocol."""
MIN_OPCODES = 8
"""Opcodes that tell a pickle whose end is not in sight, or has more behind it, from other files."""
CONVERT = (
    'in an environment you trust: python -c "from torch.serialization import load; '
    "from safetensors.torch import save_file; "
    "save_file(load('{name}', weights_only=True), '{weights}')\""
)


@final
class Suspect(NamedTuple):
    """A file that is a pickle, or is named as one.

    Args:
        path: The file.
        is_pickle: Whether it is one, whatever its name.
    """

    path: Path
    is_pickle: bool

    @property
    def is_named(self) -> bool:
        """Whether it has the name of a pickle, whatever it holds."""
        return NAMED.fullmatch(self.path.name) is not None


def find_pickles(path: Path) -> list[Suspect]:
    """Returns the files in a folder, or the file itself, that are pickles or named as one."""
    if path.is_file():
        files = [path]
    elif path.is_dir():
        files = sorted(path.iterdir())
    else:
        files = []
    suspects = [Suspect(file, is_pickle(file)) for file in files if file.suffix.lower() in SUFFIXES]
    return [suspect for suspect in suspects if suspect.is_pickle or suspect.is_named]


def is_pickle(path: Path) -> bool:
    """Whether a file is a pickle, or an archive that holds one, as torch.save writes."""
    if not path.is_file():
        return False
    try:
        with path.open("rb") as file:
            start = file.read(MAX_BYTES)
            if start[:2] in PROTOCOLS or _is_unnamed_pickle(start, file):
                return True
            with zipfile.ZipFile(file) as archive:
                return any(name.endswith(".pkl") for name in archive.namelist())
    except (OSError, ValueError, NotImplementedError, zipfile.BadZipFile):
        # not readable, no archive, or one that zipfile cannot read
        return False


def _is_unnamed_pickle(start: bytes, file: BinaryIO) -> bool:
    """Whether a file begins as a pickle that names no protocol.

    Those of protocol 0 and 1 do not, and the opcode that names a later one may be missing.

    The opcodes are read and none is executed. What they take from the stack must be there, so that
    text and numbers that begin with an opcode by chance are told from a pickle.

    Args:
        start: The beginning of the file.
        file: The file, after its beginning.
    """
    size = file.seek(0, os.SEEK_END)
    stream, stack = io.BytesIO(start), list[StackObject]()
    count, has_ended = 0, False
    try:
        with warnings.catch_warnings():  # of a text with an escape that no pickle has
            warnings.simplefilter("ignore")
            while stream.tell() < size:
                for opcode, _, _ in genops(stream):
                    _apply(opcode, stack)
                    count += 1
                if stack:
                    return False
                has_ended = True
    except (ValueError, IndexError):  # no opcode, or something is not on the stack
        if count < MIN_OPCODES:
            return False
        is_cut = size > len(start) == stream.tell()
        return has_ended or (is_cut and _last_byte(file) == STOP)
    return has_ended


def _apply(opcode: OpcodeInfo, stack: list[StackObject]) -> None:
    """Changes a stack as an opcode does.

    Raises:
        IndexError: What the opcode takes is not on the stack.
    """
    taken = opcode.stack_before
    if markobject in taken:  # and all that lies above the mark
        while stack.pop() is not markobject:
            pass
        taken = taken[: taken.index(markobject)]
    for _ in taken:
        stack.pop()
    stack += opcode.stack_after


def _last_byte(file: BinaryIO) -> bytes:
    file.seek(-1, os.SEEK_END)
    return file.read(1)


def explain_pickle(path: Path) -> str:
    """Explains what to do with a pickle, or with a folder that holds one instead of weights.

    Returns:
        The message; empty for anything else.
    """
    suspects = find_pickles(path)
    if not suspects or (path / WEIGHTS).exists():
        return ""
    file = next((suspect for suspect in suspects if suspect.is_pickle), suspects[0])
    if file.is_pickle:
        what, remedy = "a pickle", CONVERT.format(name=file.path, weights=WEIGHTS)
    else:
        what, remedy = "named as a pickle", f"the weights of a checkpoint are {WEIGHTS}"
    if path == file.path:
        return f"{path} is {what}; {remedy}"
    return f"{path} holds {file.path.name}, {what}; {remedy}"
