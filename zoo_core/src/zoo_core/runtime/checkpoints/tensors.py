"""Tensors as safetensors bytes, and back; never pickle."""

from __future__ import annotations

import contextlib
import hashlib
import os
from collections.abc import Iterator
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from zoo_core.errors import DeviceError, IntegrityError
from zoo_core.run_folder.safetensors_header import LONGEST, foreign_kind, read_header
from zoo_core.storage.capacity import format_bytes, free_memory
from zoo_core.storage.hashes import FileRecord


def to_bytes(tensors: dict[str, Tensor]) -> bytes:
    """The file's content; the same tensors give the same bytes."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return save(plain, metadata={"format": "pt"})


def read_tensors(path: Path, record: FileRecord | None = None) -> dict[str, Tensor]:
    """The tensors of a file, mapped into memory: each is read when it is first used.

    What does not belong there is refused before. What is done to them stays in memory; who keeps
    them keeps the file open.

    Args:
        path: The file.
        record: Its size and sha256, if the manifest is known that names them.

    Raises:
        DeviceError: It is larger than the memory that is free.
        IntegrityError: It is missing, not readable, not safetensors, or not what the record says.
    """
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            if record and size != record.size:
                kind = foreign_kind(file.peek(LONGEST))
                said = f"has {size} bytes, the manifest says {record.size}"
                raise IntegrityError(f"{path} {f'is {kind}; it ' if kind else ''}{said}")
            if size > (free := free_memory()):
                raise DeviceError(
                    f"{path} has {format_bytes(size)}, {format_bytes(free)} of memory are free"
                )
            found = hashlib.file_digest(file, "sha256").hexdigest() if record else ""
            if record and found != record.sha256:
                raise IntegrityError(
                    f"{path} has sha256 {found}, the manifest says {record.sha256}"
                )
            file.seek(0)
            with _whole(path):
                read_header(file, size)
        with _whole(path):
            return load_file(path)
    except FileNotFoundError:
        raise IntegrityError(f"{path} is missing") from None
    except OSError as error:
        raise IntegrityError(f"{path} is not readable: {error.strerror}") from None


@contextlib.contextmanager
def _whole(path: Path) -> Iterator[None]:
    try:
        yield
    except (IntegrityError, SafetensorError, RuntimeError) as error:
        if not path.exists():  # a run that goes on has pruned it meanwhile
            raise IntegrityError(f"{path} is missing") from None
        raise IntegrityError(f"{path} is not a whole safetensors file: {error}") from None


def load_weights(model: torch.nn.Module, weights: dict[str, Tensor], source: object) -> None:
    """Puts weights into a model.

    Raises:
        IntegrityError: Tensors are missing, unexpected or of another shape; all are listed.
    """
    expected = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    wrong = [f"{name} is missing" for name in expected.keys() - given.keys()]
    wrong += [f"{name} is unexpected" for name in given.keys() - expected.keys()]
    wrong += [
        f"{name} is {given[name]}, not {shape}"
        for name, shape in expected.items()
        if name in given and given[name] != shape
    ]
    if wrong:
        raise IntegrityError(f"the weights of {source} do not fit: {'; '.join(sorted(wrong))}")
    model.load_state_dict(weights)


def all_finite(tensors: dict[str, Tensor]) -> bool:
    """Whether no number is infinite or NaN."""
    return all(bool(t.isfinite().all()) for t in tensors.values() if t.is_floating_point())
