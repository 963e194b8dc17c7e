"""A writer of MATLAB 5 files, of either order of bytes, whole or wrong."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

TYPES = {"u1": 2, "i4": 5, "f8": 9}
"""The types of numbers."""
CELL, DOUBLE = 1, 6
INT8, INT32, UINT32, MATRIX, COMPRESSED = 1, 5, 6, 14, 15


def element(kind: int, content: bytes, order: str = "<") -> bytes:
    """Returns an element with its tag and padding; a short one for up to 4 bytes."""
    if 0 < len(content) <= 4 and kind != MATRIX:
        return struct.pack(f"{order}I", len(content) << 16 | kind) + content.ljust(4, b"\0")
    padding = b"" if kind == COMPRESSED else bytes(-len(content) % 8)
    return struct.pack(f"{order}II", kind, len(content)) + content + padding


def variable(
    name: str, kind: int, shape: Sequence[int], content: bytes, order: str = "<", flags: int = 0
) -> bytes:
    """Returns a variable, or a cell if it has no name."""
    parts = [
        element(UINT32, struct.pack(f"{order}II", kind | flags, 0), order),
        element(INT32, struct.pack(f"{order}{len(shape)}i", *shape), order),
        element(INT8, name.encode(), order) if name else struct.pack(f"{order}II", INT8, 0),
        content,
    ]
    return element(MATRIX, b"".join(parts), order)


def matrix(song: NDArray[np.uint8], dtype: str = "u1", order: str = "<") -> bytes:
    """Returns a song as a cell."""
    numbers = song.astype(f"{order}{dtype}").tobytes(order="F")
    return variable("", DOUBLE, song.shape, element(TYPES[dtype], numbers, order), order)


def cell_array(name: str, songs: Sequence[bytes], order: str = "<") -> bytes:
    """Returns a cell array of cells that ``matrix`` or ``variable`` wrote."""
    return variable(name, CELL, (1, len(songs)), b"".join(songs), order)


def packed(content: bytes) -> bytes:
    """Returns a variable as a compressed element."""
    return element(COMPRESSED, zlib.compress(content))


def mat_file(*variables: bytes, order: str = "<", version: int = 0x0100) -> bytes:
    """Returns a file."""
    mark = {"<": b"IM", ">": b"MI"}[order]
    header = b"MATLAB 5.0 MAT-file".ljust(124) + struct.pack(f"{order}H", version) + mark
    return header + b"".join(variables)


def songs_file(songs: Sequence[NDArray[np.uint8]], dtype: str = "u1", order: str = "<") -> bytes:
    """Returns a file whose splits all have the same songs."""
    cells = [matrix(song, dtype, order) for song in songs]
    names = ("traindata", "validdata", "testdata")
    return mat_file(*(cell_array(name, cells, order) for name in names), order=order)
