"""Which files are pickles: what they hold counts, and no suffix makes a pickle of them."""

from __future__ import annotations

import os
import pickle
import zipfile
from pathlib import Path

import pytest
import torch

from zoo_core.runtime.checkpoints.pickle_guard import explain_pickle, find_pickles, is_pickle


@pytest.mark.parametrize("protocol", [2, 3, 4, 5])
def test_a_pickle_is_known_by_its_beginning(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(pickle.dumps({"w": 1}, protocol))
    assert is_pickle(path)
    assert find_pickles(tmp_path) == find_pickles(path) == [path]
    assert explain_pickle(path).startswith(f"{path} is a pickle; ")
    assert explain_pickle(tmp_path).startswith(f"{tmp_path} holds data.bin, a pickle; ")


@pytest.mark.parametrize("is_archive", [True, False])
def test_both_formats_of_torch_are_pickles(tmp_path: Path, is_archive: bool) -> None:
    path = tmp_path / "weights.bin"
    torch.save({"w": torch.zeros(2)}, path, _use_new_zipfile_serialization=is_archive)
    assert find_pickles(tmp_path) == [path]


@pytest.mark.parametrize("data", [b"", b"plain text", bytes(range(256)), b"PK\x03\x04 cut short"])
def test_a_binary_file_that_is_no_pickle_is_not_called_one(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "data.bin").write_bytes(data)
    assert find_pickles(tmp_path) == []
    assert explain_pickle(tmp_path) == explain_pickle(tmp_path / "data.bin") == ""


def test_an_archive_without_a_pickle_is_not_called_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "data.bin", "w") as archive:
        archive.writestr("notes.txt", "")
    assert find_pickles(tmp_path) == []


@pytest.mark.parametrize("name", ["model.pt", "model.PTH", "a.ckpt", "a.pkl", "pytorch_model.bin"])
def test_a_file_with_the_name_of_a_pickle_is_refused_and_not_called_one(
    tmp_path: Path, name: str
) -> None:
    (tmp_path / name).write_bytes(b"plain text")
    assert find_pickles(tmp_path) == [tmp_path / name]
    message = explain_pickle(tmp_path)
    assert message.startswith(f"{tmp_path} holds {name}, named as a pickle; ")


def test_the_pickle_is_named_before_a_file_with_the_name_of_one(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"")
    (tmp_path / "b.bin").write_bytes(pickle.dumps({}))
    assert "holds b.bin, a pickle; " in explain_pickle(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes")
def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "data.bin")
    assert find_pickles(tmp_path) == []
