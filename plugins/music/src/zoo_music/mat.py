"""Cell arrays of matrices in MATLAB 5 files, which MATLAB's ``save -v7`` and scipy write.

After a header of 128 bytes, a file is a row of elements: a type, a number of bytes, and the bytes,
padded to a multiple of 8; up to 4 bytes lie beside a short type. A variable is an element of the
type matrix. It contains elements: flags with the class, the sizes, the name, and the numbers in
column order, in the smallest type that holds them all. In a cell array a matrix for each cell takes
the place of the numbers. A compressed element is a variable that zlib has packed.

Source: The MathWorks, MAT-File Format, chapter "Level 5 MAT-Files".
"""

from __future__ import annotations

import math
import struct
import zlib
from collections.abc import Collection, Iterator
from typing import Any, NamedTuple, NoReturn, TypeAlias, final

import numpy as np
from numpy.typing import NDArray

from zoo_core.errors import DataError
from zoo_core.escaping import quoted
from zoo_core.run_folder.safetensors_header import foreign_kind

Matrix: TypeAlias = NDArray[Any]

HEADER = 128
"""Bytes before the first element: a text, the version and the order of bytes."""
ORDERS = {b"IM": "<", b"MI": ">"}
"""The order of bytes, by the last two of the header."""
VERSION_5, VERSION_7_3 = 0x0100, 0x0200
HDF5 = b"\x89HDF"
MAX_UNPACKED = 1 << 30
"""Bytes of all unpacked variables of a file."""
MAX_NAMES = 8
"""Variables that an error lists."""

INT8, UINT8, INT32, UINT32, MATRIX, COMPRESSED = 1, 2, 5, 6, 14, 15
NUMBERS = {
    1: "i1",
    2: "u1",
    3: "i2",
    4: "u2",
    5: "i4",
    6: "u4",
    7: "f4",
    9: "f8",
    12: "i8",
    13: "u8",
}
"""The types of numbers, as numpy writes them."""
CELL_CLASS = 1
NUMBER_CLASSES = range(6, 16)
"""The classes of matrices of numbers, from double to 64-bit integers."""
COMPLEX = 0x0800
OTHER_CLASSES = {2: "a struct", 3: "an object", 4: "text", 5: "a sparse matrix"}
ADVICE = "save it with MATLAB's save FILE -v7, or scipy.io.savemat"


@final
class _Variable(NamedTuple):
    """A variable, or a cell of one.

    Args:
        flags: Its flags; the lowest byte is its class.
        shape: Its sizes.
        name: Its name; empty for a cell.
        contents: The elements of its numbers or cells, which are not yet read.
    """

    flags: int
    shape: tuple[int, ...]
    name: str
    contents: Iterator[tuple[int, memoryview]]

    @property
    def kind(self) -> int:
        """The class."""
        return self.flags & 0xFF

    def describe(self) -> str:
        """Returns what the variable is, in words."""
        if self.kind == CELL_CLASS:
            return "a cell array"
        if self.kind in NUMBER_CLASSES and self.flags & COMPLEX:
            return "a matrix of complex numbers"
        if self.kind in NUMBER_CLASSES and len(self.shape) > 2:
            return f"an array of {len(self.shape)} dimensions"
        if self.kind in NUMBER_CLASSES:
            return "a matrix of numbers"
        return OTHER_CLASSES.get(self.kind, f"of class {self.kind}")


def read_cell_arrays(data: bytes, source: str, names: Collection[str]) -> dict[str, list[Matrix]]:
    """Returns the named variables of a file, each a list of matrices of numbers.

    The numbers are not copied where the file is not compressed.

    Args:
        data: The content of the file.
        source: What errors call the file.
        names: The variables; others are not read.

    Raises:
        DataError: The file is no MATLAB 5 file, is cut off or damaged, lacks a variable, or one of
            them is no cell array of matrices of real numbers.
    """
    return _MatFile(data, source).cell_arrays(names)


@final
class _MatFile:
    """The reader of one file."""

    def __init__(self, data: bytes, source: str) -> None:
        self.source, self.unpacked = source, 0
        self.data = memoryview(data)
        if data[:4] == HDF5 or len(data) < HEADER or data[126:128] not in ORDERS:
            self._refuse_foreign(data)
        self.order = ORDERS[data[126:128]]
        (version,) = struct.unpack(f"{self.order}H", data[124:126])
        if version == VERSION_7_3:
            self._refuse_foreign(HDF5)
        if version != VERSION_5:
            raise DataError(f"{source}: version {version:#x} of MATLAB files is unknown; {ADVICE}")

    def _refuse_foreign(self, data: bytes) -> NoReturn:
        """Raises DataError, which says what the file is instead."""
        kind = foreign_kind(data).partition(";")[0]
        if data[:4] == HDF5:
            kind = "one of MATLAB 7.3 (HDF5)"
        but = f" but {kind}" if kind else ""
        raise DataError(f"{self.source} is no MATLAB 5 file{but}; {ADVICE}")

    def cell_arrays(self, names: Collection[str]) -> dict[str, list[Matrix]]:
        """Returns the named variables."""
        found: dict[str, list[Matrix]] = {}
        known: list[str] = []
        for element in self._elements(self.data[HEADER:], "the file"):
            kind, content = element
            if kind == COMPRESSED:
                unpacked = self._elements(self._unpack(content), "a packed variable")
                kind, content = next(unpacked, (0, content))
            if kind != MATRIX:
                self._damaged(f"an element of type {kind} in place of a variable")
            variable = self._variable(content)
            known.append(variable.name)
            if variable.name in names:
                found[variable.name] = self._cells(variable)
        for name in names:
            if name not in found:
                has = ", ".join(quoted(name) for name in known[:MAX_NAMES]) or "none"
                raise DataError(f"{self.source} has no variable {name!r}; it has {has:.400}")
        return found

    def _elements(self, data: memoryview, where: str) -> Iterator[tuple[int, memoryview]]:
        """Yields the type and the bytes of each element.

        Args:
            data: The elements, one after the other.
            where: What contains them, for errors.
        """
        position = 0
        while position < len(data):
            if len(data) - position < 8:
                self._cut_off(where, 8, len(data) - position)
            kind, size = struct.unpack_from(f"{self.order}II", data, position)
            start = position + 8
            if kind >> 16:  # a short element: size, type and bytes in 8 bytes
                kind, size, start = kind & 0xFFFF, kind >> 16, position + 4
                if size > 4:
                    self._damaged(f"a short element of {size} bytes in {where}")
            if size > len(data) - start:
                self._cut_off(where, size, len(data) - start)
            yield kind, data[start : start + size]
            position = start + size
            if kind != COMPRESSED:
                position += -position % 8

    def _unpack(self, packed: memoryview) -> memoryview:
        """Returns an unpacked element.

        Raises:
            DataError: It is damaged, cut off, or so large that the file is hardly one of matrices.
        """
        unpacker, room = zlib.decompressobj(), MAX_UNPACKED - self.unpacked
        try:
            content = unpacker.decompress(packed, room + 1)
        except zlib.error as error:
            self._damaged(str(error))
        self.unpacked += len(content)
        if len(content) > room:
            raise DataError(f"{self.source} unpacks to more than {MAX_UNPACKED / 1e9:.1f} GB")
        if not unpacker.eof:
            self._damaged("a packed variable is cut off")
        return memoryview(content)

    def _variable(self, data: memoryview) -> _Variable:
        """Returns a variable, or a cell, whose contents are still to be read."""
        if not data:  # an empty cell
            return _Variable(NUMBER_CLASSES[0], (0, 0), "", iter(()))
        elements = self._elements(data, "a variable")
        parts = [next(elements, (0, memoryview(b""))) for _ in range(3)]
        (flag_kind, flags), (size_kind, sizes), (name_kind, name) = parts
        fits = (flag_kind, size_kind, name_kind) == (UINT32, INT32, INT8)
        if not fits or len(flags) != 8 or len(sizes) < 8 or len(sizes) % 4:
            self._damaged("a variable without flags, sizes or name")
        (word,) = struct.unpack_from(f"{self.order}I", flags)
        shape = struct.unpack(f"{self.order}{len(sizes) // 4}i", sizes)
        if min(shape) < 0:
            self._damaged("a variable with a negative size")
        return _Variable(word, shape, bytes(name).decode("latin-1"), elements)

    def _cells(self, array: _Variable) -> list[Matrix]:
        if array.kind != CELL_CLASS:
            name = quoted(array.name)
            raise DataError(f"{self.source}: {name} is {array.describe()}, expected a cell array")
        matrices = []
        for number, (kind, content) in enumerate(array.contents, start=1):
            if kind != MATRIX:
                self._damaged(f"an element of type {kind} in place of a cell")
            cell, where = self._variable(content), f"{array.name}{{{number}}}"
            is_real = cell.kind in NUMBER_CLASSES and not cell.flags & COMPLEX
            if not is_real or len(cell.shape) != 2:
                raise DataError(
                    f"{self.source}: {where} is {cell.describe()}, expected a matrix of real "
                    "numbers"
                )
            matrices.append(self._numbers(cell, where))
        if len(matrices) != math.prod(array.shape):
            self._damaged(f"{len(matrices)} cells where {math.prod(array.shape)} are announced")
        return matrices

    def _numbers(self, matrix: _Variable, where: str) -> Matrix:
        kind, content = next(matrix.contents, (UINT8, memoryview(b"")))
        if kind not in NUMBERS:
            self._damaged(f"{where} has an element of type {kind} in place of numbers")
        dtype = np.dtype(f"{self.order}{NUMBERS[kind]}")
        if len(content) != math.prod(matrix.shape) * dtype.itemsize:
            sizes = " × ".join(map(str, matrix.shape))
            self._damaged(f"{where} of {sizes} has {len(content):,} bytes of numbers")
        return np.frombuffer(content, dtype).reshape(matrix.shape, order="F")

    def _cut_off(self, where: str, needed: int, left: int) -> NoReturn:
        raise DataError(
            f"{self.source} is cut off: {needed:,} bytes are needed in {where}, {left:,} are left"
        )

    def _damaged(self, problem: str) -> NoReturn:
        raise DataError(f"{self.source} is damaged: {problem}")
