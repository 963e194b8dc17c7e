"""The header of a safetensors file, checked before a byte of weights is used.

The format: eight bytes with the header's length, the header as JSON, the tensors' bytes without
gaps. The library that reads it lets duplicate names and names that look like paths pass, so both
are refused here.

Source: https://github.com/huggingface/safetensors, "Format".
"""

from __future__ import annotations

import json
import math
import re
from typing import Any, BinaryIO, NamedTuple, final

from zoo_core.errors import IntegrityError

LARGEST = 10_000_000
"""Bytes of a header, a tenth of the library's own limit: names for a hundred thousand tensors."""
NAME = re.compile(r"\w[\w-]*(\.[\w-]+)*", re.ASCII)
BYTES = {
    "BOOL": 1,
    "U8": 1,
    "I8": 1,
    "I16": 2,
    "U16": 2,
    "F16": 2,
    "BF16": 2,
    "I32": 4,
    "U32": 4,
    "F32": 4,
    "I64": 8,
    "U64": 8,
    "F64": 8,
}
"""The dtypes, and the size of a number of each."""
CONVERT = "convert it to safetensors where you trust it"
FOREIGN = {
    b"version https://git-lfs": "a Git LFS pointer, not the file it points to",
    b"<!": "a web page",
    b"<html": "a web page",
    b"PK\x03\x04": f"a zip archive, as torch.save writes; {CONVERT}",
    b"\x80\x02": f"a pickle; {CONVERT}",
    b"\x80\x03": f"a pickle; {CONVERT}",
    b"\x80\x04": f"a pickle; {CONVERT}",
    b"\x80\x05": f"a pickle; {CONVERT}",
    b"\x1f\x8b": "gzip; unpack it first",
}
"""Beginnings of files that are often met where safetensors were expected."""
LONGEST = max(map(len, FOREIGN))


@final
class TensorRecord(NamedTuple):
    """What the header says of a tensor.

    Args:
        dtype: One of ``BYTES``.
        shape: Its shape.
    """

    dtype: str
    shape: tuple[int, ...]


MOST = 2**63 - 1
DEEPEST = 64
"""The most dimensions a tensor may have; torch allows as many."""


def read_header(file: BinaryIO, size: int) -> dict[str, TensorRecord]:
    """Every tensor of a file by name; no more of the file than its header is read.

    Args:
        file: At its beginning.
        size: Bytes of the whole file.

    Raises:
        IntegrityError: It is another kind of file, or not whole, or its header is not sound.
    """
    beginning = file.read(8)
    try:
        return _read(file, size, int.from_bytes(beginning, "little"))
    except IntegrityError:
        if kind := foreign_kind(beginning + file.read(LONGEST)):
            raise IntegrityError(f"it is {kind}") from None
        raise


def foreign_kind(beginning: bytes) -> str:
    """What a file is that was taken for another, and what to do; empty if it is not known."""
    start = beginning.lstrip().lower() if beginning.lstrip()[:1] == b"<" else beginning
    return next((kind for first, kind in FOREIGN.items() if start.startswith(first)), "")


def _read(file: BinaryIO, size: int, length: int) -> dict[str, TensorRecord]:
    if size < 8 or length > min(LARGEST, size - 8):
        raise IntegrityError(f"{size:,} bytes do not hold a header of {length:,} bytes")
    header = _parsed(file.read(length))
    _check_metadata(header.pop("__metadata__", {}))
    found, spans = {}, []
    for name, values in header.items():
        found[name], span = _record(name, values)
        spans.append((span, name))
    _check_gaps(sorted(spans), size - 8 - length)
    return found


def _parsed(text: bytes) -> dict[str, Any]:
    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, value in pairs:
            if name in found:
                raise IntegrityError(f"its header names {name!r:.80} twice")
            found[name] = value
        return found

    try:
        header = json.loads(text.decode(), object_pairs_hook=unique)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"its header is not JSON: {error}") from None
    if not isinstance(header, dict):
        raise IntegrityError("its header is not a JSON object")
    return header


def _check_metadata(values: Any) -> None:
    if not isinstance(values, dict) or not all(isinstance(each, str) for each in values.values()):
        raise IntegrityError("its header's __metadata__ is no mapping of texts")


def _record(name: str, values: Any) -> tuple[TensorRecord, tuple[int, int]]:
    """A tensor and where its bytes lie."""
    if not NAME.fullmatch(name):
        raise IntegrityError(f"its header has a tensor named {name!r:.80}")
    try:
        dtype, shape, (first, last) = values["dtype"], values["shape"], values["data_offsets"]
        whole = all(type(each) is int and 0 <= each <= MOST for each in (*shape, first, last))
        whole = whole and len(shape) <= DEEPEST
        if set(values) != {"dtype", "shape", "data_offsets"} or not whole:
            raise ValueError("sizes and offsets are not whole numbers below 2**63")
        if last - first != math.prod(shape) * BYTES[dtype]:
            raise ValueError(f"{last - first:,} bytes for {dtype} of shape {shape}")
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"its header is wrong about {name}: {error!s:.120}") from None
    return TensorRecord(dtype, tuple(shape)), (first, last)


def _check_gaps(spans: list[tuple[tuple[int, int], str]], size: int) -> None:
    end = 0
    for (first, last), name in spans:
        if first != end:
            raise IntegrityError(f"its tensors overlap or leave a gap at {name}")
        end = last
    if end != size:
        raise IntegrityError(f"its tensors have {end:,} bytes, and {size:,} are there")
