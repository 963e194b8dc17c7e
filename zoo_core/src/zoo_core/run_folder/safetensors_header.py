"""The header of a safetensors file: made here, and checked before any weights are used.

The format: eight bytes with the length of the header, the header as JSON, the bytes of the tensors
without gaps. The safetensors library accepts duplicate names and names that look like paths; both
are refused here.

Source: https://github.com/huggingface/safetensors, "Format".
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple, final

from zoo_core.errors import IntegrityError

MAX_HEADER_BYTES = 10_000_000
"""A tenth of the library's own limit, which is enough for a hundred thousand tensors."""
NAME = re.compile(r"\w[\w-]*(\.[\w-]+)*", re.ASCII)
DTYPE_BYTES = {
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
    "F64": 8,
    "I64": 8,
    "U64": 8,
}
"""The dtypes and the bytes of one element of each, in the order in which the library ranks them."""
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
"""The first bytes of other files that are often found in place of safetensors."""
MAX_PREFIX_LENGTH = max(map(len, FOREIGN))


@final
class TensorRecord(NamedTuple):
    """The header's entry of a tensor.

    Args:
        dtype: A key of ``DTYPE_BYTES``.
        shape: The shape.
    """

    dtype: str
    shape: tuple[int, ...]


MAX_INT64 = 2**63 - 1
MAX_DIMENSIONS = 64
"""The limit of torch."""


def read_header(file: BinaryIO, size: int) -> dict[str, TensorRecord]:
    """Reads the header of a file, and no more than the header.

    Args:
        file: The file, at its beginning.
        size: The bytes of the whole file.

    Returns:
        The entries of the tensors by name.

    Raises:
        IntegrityError: It is another kind of file, is cut short, or its header is not well-formed.
    """
    beginning = file.read(8)
    try:
        return _read(file, size, int.from_bytes(beginning, "little"))
    except IntegrityError:
        if kind := foreign_kind(beginning + file.read(MAX_PREFIX_LENGTH)):
            raise IntegrityError(f"it is {kind}") from None
        raise


def make_header(
    records: Mapping[str, TensorRecord], metadata: Mapping[str, str]
) -> tuple[bytes, list[str]]:
    """Makes the beginning of a file, the same bytes that the safetensors library writes.

    Args:
        records: The entries of the tensors by name.
        metadata: Texts to keep beside them.

    Returns:
        The length of the header and the header, and the names of the tensors in the order in which
        their bytes follow: the dtypes with the largest elements first, so that each is aligned.
    """
    ranks = {dtype: rank for rank, dtype in enumerate(DTYPE_BYTES)}
    order = sorted(records, key=lambda name: (-ranks[records[name].dtype], name))
    header: dict[str, Any] = {"__metadata__": dict(metadata)}
    end = 0
    for name in order:
        dtype, shape = records[name]
        first, end = end, end + math.prod(shape) * DTYPE_BYTES[dtype]
        header[name] = {"dtype": dtype, "shape": list(shape), "data_offsets": [first, end]}
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text, order


def count_parameters(path: Path) -> int:
    """Counts the numbers in a file of weights, of which only the header is read.

    Raises:
        IntegrityError: It is missing or damaged.
    """
    try:
        with path.open("rb") as file:
            header = read_header(file, path.stat().st_size)
    except OSError as error:
        raise IntegrityError(f"{path} is not readable: {error.strerror}") from None
    except IntegrityError as error:
        raise IntegrityError(f"{path}: {error}") from None
    return sum(math.prod(tensor.shape) for tensor in header.values())


def foreign_kind(beginning: bytes) -> str:
    """Describes a file that is not safetensors, with a remedy; empty if its kind is not known."""
    start = beginning.lstrip().lower() if beginning.lstrip()[:1] == b"<" else beginning
    for prefix, kind in FOREIGN.items():
        if start.startswith(prefix):
            return kind
    return ""


def _read(file: BinaryIO, size: int, length: int) -> dict[str, TensorRecord]:
    if size < 8 or length > min(MAX_HEADER_BYTES, size - 8):
        raise IntegrityError(f"{size:,} bytes do not hold a header of {length:,} bytes")
    header = _parse_json(file.read(length))
    _check_metadata(header.pop("__metadata__", {}))
    records, spans = {}, []
    for name, values in header.items():
        records[name], span = _parse_record(name, values)
        spans.append((span, name))
    _check_spans(sorted(spans), size - 8 - length)
    return records


def _parse_json(text: bytes) -> dict[str, Any]:
    def reject_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        values: dict[str, Any] = {}
        for name, value in pairs:
            if name in values:
                raise IntegrityError(f"its header names {name!r:.80} twice")
            values[name] = value
        return values

    try:
        header = json.loads(text.decode(), object_pairs_hook=reject_duplicates)
    except (ValueError, RecursionError) as error:
        raise IntegrityError(f"its header is not JSON: {error}") from None
    if not isinstance(header, dict):
        raise IntegrityError("its header is not a JSON object")
    return header


def _check_metadata(values: Any) -> None:
    if not isinstance(values, dict) or not all(isinstance(text, str) for text in values.values()):
        raise IntegrityError("its header's __metadata__ is not a table of texts")


def _parse_record(name: str, values: Any) -> tuple[TensorRecord, tuple[int, int]]:
    """Returns the entry of a tensor, and the first and last offset of its bytes."""
    if not NAME.fullmatch(name):
        raise IntegrityError(f"its header has a tensor named {name!r:.80}")
    try:
        dtype, shape, (first, last) = values["dtype"], values["shape"], values["data_offsets"]
        numbers = (*shape, first, last)
        if set(values) != {"dtype", "shape", "data_offsets"} or len(shape) > MAX_DIMENSIONS:
            raise ValueError("it does not have dtype, shape and data_offsets alone")
        if not all(type(number) is int and 0 <= number <= MAX_INT64 for number in numbers):
            raise ValueError("sizes and offsets are not whole numbers below 2**63")
        if last - first != math.prod(shape) * DTYPE_BYTES[dtype]:
            raise ValueError(f"{last - first:,} bytes for {dtype} of shape {shape}")
    except (KeyError, TypeError, ValueError) as error:
        raise IntegrityError(f"its header is wrong about {name}: {error!s:.120}") from None
    return TensorRecord(dtype, tuple(shape)), (first, last)


def _check_spans(spans: list[tuple[tuple[int, int], str]], size: int) -> None:
    end = 0
    for (first, last), name in spans:
        if first != end:
            raise IntegrityError(f"its tensors overlap or leave a gap at {name}")
        end = last
    if end != size:
        raise IntegrityError(f"its tensors have {end:,} bytes, and {size:,} are there")
