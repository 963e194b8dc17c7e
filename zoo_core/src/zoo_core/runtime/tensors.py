"""Tensors as safetensors bytes, and back; never pickle."""

from __future__ import annotations

from mmap import ACCESS_READ, mmap
from pathlib import Path

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save
from torch import Tensor

from zoo_core.errors import IntegrityError
from zoo_core.header import read_header


def to_bytes(tensors: dict[str, Tensor]) -> bytes:
    """The file's content; the same tensors give the same bytes."""
    plain = {name: tensor.detach().cpu().contiguous() for name, tensor in tensors.items()}
    return save(plain, metadata={"format": "pt"})


def read_tensors(path: Path) -> dict[str, Tensor]:
    """The tensors of a file, mapped into memory: each is read when it is first used.

    What is done to them stays in memory; who keeps them keeps the file open.

    Raises:
        IntegrityError: It is missing, not readable, or not safetensors.
    """
    try:
        _check_header(path)
        return load_file(path)
    except FileNotFoundError:
        raise IntegrityError(f"{path} is missing") from None
    except OSError as error:
        raise IntegrityError(f"{path} is not readable: {error.strerror}") from None
    except (IntegrityError, SafetensorError) as error:
        raise IntegrityError(f"{path} is not a whole safetensors file: {error}") from None


def _check_header(path: Path) -> None:
    if not path.stat().st_size:  # nothing cannot be mapped
        read_header(b"")
    with path.open("rb") as file, mmap(file.fileno(), 0, access=ACCESS_READ) as data:
        read_header(data)


def load_weights(model: torch.nn.Module, weights: dict[str, Tensor], source: object) -> None:
    """Puts weights into a model.

    Raises:
        IntegrityError: Tensors are missing, unexpected or of another shape; all are listed.
    """
    wanted = {name: tuple(tensor.shape) for name, tensor in model.state_dict().items()}
    given = {name: tuple(tensor.shape) for name, tensor in weights.items()}
    wrong = [f"{name} is missing" for name in wanted.keys() - given.keys()]
    wrong += [f"{name} is unexpected" for name in given.keys() - wanted.keys()]
    wrong += [
        f"{name} is {given[name]}, not {shape}"
        for name, shape in wanted.items()
        if name in given and given[name] != shape
    ]
    if wrong:
        raise IntegrityError(f"the weights of {source} do not fit: {'; '.join(sorted(wrong))}")
    model.load_state_dict(weights)


def all_finite(tensors: dict[str, Tensor]) -> bool:
    """Whether no number is infinite or NaN."""
    return all(bool(t.isfinite().all()) for t in tensors.values() if t.is_floating_point())
