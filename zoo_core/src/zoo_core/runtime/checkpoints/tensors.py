"""Reading and writing tensors as safetensors; never as pickle."""

from __future__ import annotations

import contextlib
import ctypes
import hashlib
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from zoo_core.errors import DeviceError, IntegrityError, PluginError
from zoo_core.run_folder.safetensors_header import (
    MAX_PREFIX_LENGTH,
    TensorRecord,
    foreign_kind,
    make_header,
    read_header,
)
from zoo_core.storage.atomic import write_file
from zoo_core.storage.capacity import format_bytes, free_memory
from zoo_core.storage.hashes import FileRecord

DTYPES = {
    torch.bool: "BOOL",
    torch.uint8: "U8",
    torch.int8: "I8",
    torch.int16: "I16",
    torch.uint16: "U16",
    torch.float16: "F16",
    torch.bfloat16: "BF16",
    torch.int32: "I32",
    torch.uint32: "U32",
    torch.float32: "F32",
    torch.float64: "F64",
    torch.int64: "I64",
    torch.uint64: "U64",
}
"""The format's names of the dtypes."""
MISSING = "is missing; copy or download the checkpoint again"
COPIES = os.name == "nt"
"""Whether tensors are copied out of a file: Windows neither replaces nor removes a mapped one."""


def to_bytes(tensors: dict[str, Tensor]) -> bytes:
    """Returns the content of a safetensors file; the same tensors give the same bytes.

    Raises:
        PluginError: A tensor is of a type that the format lacks.
    """
    return b"".join(to_parts(tensors))


def to_parts(tensors: dict[str, Tensor]) -> list[memoryview]:
    """Returns the content of a safetensors file in parts, of which those of tensors are no copies.

    The parts are to be written before a tensor changes. They are what the safetensors library
    writes, but can be hashed while they are written, and synced before a reader sees the file.

    Raises:
        PluginError: A tensor is of a type that the format lacks.
    """
    contiguous = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    records = {name: _record_of(tensor) for name, tensor in contiguous.items()}
    header, order = make_header(records, {"format": "pt"})
    return [memoryview(header), *(_bytes_of(contiguous[name]) for name in order)]


def write_tensors(path: Path, tensors: dict[str, Tensor]) -> FileRecord:
    """Replaces a file by the tensors, without a copy of them in memory.

    Returns:
        The size and the sha256 of the file.

    Raises:
        PluginError: A tensor is of a type that the format lacks.
        TargetError: The file cannot be written; the old one stays.
    """
    parts = to_parts(tensors)
    with ThreadPoolExecutor(1) as hasher:  # beside the writing and the wait for the disk
        record = hasher.submit(FileRecord.of_parts, parts)
        write_file(path, *parts)
        return record.result()


def _record_of(tensor: Tensor) -> TensorRecord:
    try:
        return TensorRecord(DTYPES[tensor.dtype], tuple(tensor.shape))
    except KeyError as error:
        raise PluginError(
            f"a weight or a state is of type {error}, which safetensors cannot save; "
            "the model's plugin must use another type"
        ) from None


def _bytes_of(tensor: Tensor) -> memoryview:
    """Returns the memory of a contiguous tensor on the CPU, which the view keeps alive."""
    size = tensor.numel() * tensor.element_size()
    if not size:
        return memoryview(b"")
    memory = (ctypes.c_ubyte * size).from_address(tensor.data_ptr())
    # An array at an address does not keep alive what is there.
    memory.tensor = tensor  # type: ignore[attr-defined]
    return memoryview(memory).cast("B")


def read_tensors(path: Path, record: FileRecord | None = None) -> dict[str, Tensor]:
    """Reads the tensors of a file after its header was checked.

    The file is memory-mapped: a tensor is read when it is first used, a change to it stays in
    memory, and the file is open as long as a tensor of it is kept. On Windows the tensors are
    copies, and the file is closed.

    Args:
        path: The file.
        record: The size and sha256 that the manifest states, if there is one.

    Raises:
        DeviceError: The file is larger than the free memory.
        IntegrityError: It is missing, not readable, not safetensors, or not what the record says.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if record and size != record.size:
                kind = foreign_kind(file.peek(MAX_PREFIX_LENGTH))
                what = f"{path} is {kind}; it" if kind else f"{path}"
                raise IntegrityError(
                    f"{what} has {size} bytes, the manifest says {record.size}; copy or download "
                    "it again"
                )
            if size > (free := free_memory()):
                raise DeviceError(
                    f"{path} has {format_bytes(size)}, {format_bytes(free)} of memory are free"
                )
            if record:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                if digest != record.sha256:
                    raise IntegrityError(
                        f"{path} has sha256 {digest}, the manifest says {record.sha256}; copy or "
                        "download it again"
                    )
            file.seek(0)
            with _format_errors(path):
                read_header(file, size)
        with _format_errors(path):
            tensors = load_file(path)
            return {name: tensor.clone() for name, tensor in tensors.items()} if COPIES else tensors
    except FileNotFoundError:
        raise IntegrityError(f"{path} {MISSING}") from None
    except OSError as error:
        raise IntegrityError(f"{path} is not readable: {error.strerror}") from None


@contextlib.contextmanager
def _format_errors(path: Path) -> Iterator[None]:
    """Turns the errors of a file that is not safetensors into one that names the file."""
    try:
        yield
    except (IntegrityError, SafetensorError, RuntimeError) as error:
        if not path.exists():  # a running training has removed it since
            raise IntegrityError(f"{path} {MISSING}") from None
        raise IntegrityError(f"{path} is not a whole safetensors file: {error}") from None


def all_finite(tensors: dict[str, Tensor]) -> bool:
    """Whether no number is infinite or NaN."""
    return all(
        bool(tensor.isfinite().all()) for tensor in tensors.values() if tensor.is_floating_point()
    )
