"""Reading and writing tensors as safetensors; never as pickle."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from zoo_core.errors import DeviceError, IntegrityError, PluginError
from zoo_core.run_folder.safetensors_header import MAX_PREFIX_LENGTH, foreign_kind, read_header
from zoo_core.storage.capacity import format_bytes, free_memory
from zoo_core.storage.hashes import FileRecord


def to_bytes(tensors: dict[str, Tensor]) -> bytes:
    """Returns the content of a safetensors file; the same tensors give the same bytes.

    Raises:
        PluginError: A tensor is of a type that the format lacks.
    """
    storages: set[int] = set()
    separate = {}
    for name, tensor in tensors.items():
        contiguous = tensor.detach().cpu().contiguous()
        storage = contiguous.untyped_storage().data_ptr()
        # The format refuses tensors that share memory.
        separate[name] = contiguous.clone() if storage in storages else contiguous
        storages.add(storage)
    try:
        return save(separate, metadata={"format": "pt"})
    except KeyError as error:
        raise PluginError(
            f"a weight or a state is of type {error}, which safetensors cannot save; "
            "the model's plugin must use another type"
        ) from None


def read_tensors(path: Path, record: FileRecord | None = None) -> dict[str, Tensor]:
    """Reads the tensors of a file after its header was checked.

    The file is memory-mapped: a tensor is read when it is first used, a change to it stays in
    memory, and the file is open as long as a tensor of it is kept.

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
                raise IntegrityError(f"{what} has {size} bytes, the manifest says {record.size}")
            if size > (free := free_memory()):
                raise DeviceError(
                    f"{path} has {format_bytes(size)}, {format_bytes(free)} of memory are free"
                )
            if record:
                digest = hashlib.file_digest(file, "sha256").hexdigest()
                if digest != record.sha256:
                    raise IntegrityError(
                        f"{path} has sha256 {digest}, the manifest says {record.sha256}"
                    )
            file.seek(0)
            with _format_errors(path):
                read_header(file, size)
        with _format_errors(path):
            return load_file(path)
    except FileNotFoundError:
        raise IntegrityError(f"{path} is missing") from None
    except OSError as error:
        raise IntegrityError(f"{path} is not readable: {error.strerror}") from None


@contextlib.contextmanager
def _format_errors(path: Path) -> Iterator[None]:
    """Turns the errors of a file that is not safetensors into one that names the file."""
    try:
        yield
    except (IntegrityError, SafetensorError, RuntimeError) as error:
        if not path.exists():  # a running training has removed it since
            raise IntegrityError(f"{path} is missing") from None
        raise IntegrityError(f"{path} is not a whole safetensors file: {error}") from None


def all_finite(tensors: dict[str, Tensor]) -> bool:
    """Whether no number is infinite or NaN."""
    return all(
        bool(tensor.isfinite().all()) for tensor in tensors.values() if tensor.is_floating_point()
    )
