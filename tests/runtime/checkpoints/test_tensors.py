"""Tensors on disk: mapped, not copied, and unaffected by changes in memory."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save

from zoo_core.errors import IntegrityError, PluginError
from zoo_core.runtime.checkpoints.tensors import (
    DTYPES,
    read_tensors,
    to_bytes,
    to_parts,
    write_tensors,
)
from zoo_core.storage.hashes import FileRecord

EVERY_DTYPE = {
    f"layer{number}.{name.lower()}": torch.arange(number % 4 * 3).to(dtype).view(3, -1)
    for number, (dtype, name) in enumerate(DTYPES.items())
}
SHAPES = {"scalar": torch.tensor(1.5), "empty": torch.empty(0, 2), "turned": torch.ones(2, 3).T}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    path.write_bytes(to_bytes({"weight": torch.arange(6.0).view(2, 3)}))
    return path


def test_changes_of_a_mapped_tensor_do_not_reach_the_file(path: Path) -> None:
    before = path.read_bytes()
    read_tensors(path)["weight"].zero_()
    assert path.read_bytes() == before
    assert read_tensors(path)["weight"].sum() == 15


def test_a_tensor_outlives_the_file_that_takes_its_name(path: Path) -> None:
    tensor = read_tensors(path)["weight"]
    other = path.with_name("other")
    other.write_bytes(to_bytes({"weight": torch.zeros(2, 3)}))
    other.replace(path)
    assert tensor.tolist() == [[0, 1, 2], [3, 4, 5]]


def test_an_empty_file_is_refused_with_the_reason(path: Path) -> None:
    path.write_bytes(b"")
    with pytest.raises(IntegrityError, match="not a whole safetensors file: 0 bytes"):
        read_tensors(path)


@pytest.mark.parametrize("tensors", [EVERY_DTYPE, SHAPES, {}], ids=["dtypes", "shapes", "none"])
def test_the_bytes_are_those_of_the_safetensors_library(tensors: dict[str, torch.Tensor]) -> None:
    contiguous = {name: tensor.contiguous() for name, tensor in tensors.items()}
    assert to_bytes(tensors) == save(contiguous, metadata={"format": "pt"})


def test_the_parts_of_tensors_are_no_copies() -> None:
    weight = torch.zeros(4)
    _, part = to_parts({"weight": weight})
    weight.fill_(1)
    assert bytes(part) == torch.ones(4).numpy().tobytes()


def test_a_part_keeps_the_memory_of_its_tensor() -> None:
    _, part = to_parts({"weight": torch.arange(1_000_000.0).view(1000, 1000).T})
    torch.full((1000, 1000), -1.0)  # takes the memory, were it free
    assert (
        bytes(part) == torch.arange(1_000_000.0).view(1000, 1000).T.contiguous().numpy().tobytes()
    )


def test_a_file_has_the_record_that_writing_it_returned(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    record = write_tensors(path, EVERY_DTYPE)
    assert record == FileRecord.of(path)
    assert read_tensors(path, record).keys() == EVERY_DTYPE.keys()


def test_a_dtype_that_the_format_lacks_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.safetensors"
    with pytest.raises(PluginError, match=r"torch\.complex64, which safetensors cannot save"):
        write_tensors(path, {"weight": torch.zeros(1, dtype=torch.complex64)})
    assert not path.exists()
