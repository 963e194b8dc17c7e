"""Tensors on disk: mapped, not copied, and unaffected by changes in memory."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from zoo_core.errors import IntegrityError
from zoo_core.runtime.checkpoints.tensors import read_tensors, to_bytes


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
