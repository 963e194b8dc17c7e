"""Which files are pickles: what they hold counts, and no suffix makes a pickle of them."""

from __future__ import annotations

import os
import pickle
import random
import zipfile
from pathlib import Path
from typing import final

import pytest
import torch

from zoo_core.runtime.checkpoints.pickle_guard import (
    MAX_BYTES,
    explain_pickle,
    find_pickles,
    is_pickle,
)


@pytest.mark.parametrize("protocol", range(6))
def test_a_pickle_is_known_by_its_beginning(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(pickle.dumps({"w": 1}, protocol))
    assert is_pickle(path)
    assert find_pickles(tmp_path) == find_pickles(path) == [(path, True)]
    assert explain_pickle(path).startswith(f"{path} is a pickle; ")
    assert explain_pickle(tmp_path).startswith(f"{tmp_path} holds data.bin, a pickle; ")


@pytest.mark.parametrize("protocol", range(6))
@pytest.mark.parametrize("is_archive", [True, False])
def test_both_formats_of_torch_are_pickles(tmp_path: Path, is_archive: bool, protocol: int) -> None:
    path = tmp_path / "weights.bin"
    torch.save(
        {"w": torch.ones(2)},
        path,
        pickle_protocol=protocol,
        _use_new_zipfile_serialization=is_archive,
    )
    assert find_pickles(tmp_path) == [(path, True)]


@pytest.mark.parametrize("protocol", [0, 1])
@pytest.mark.parametrize(
    "value",
    [
        None,
        7,
        [1.5] * 3,
        {"a": (1, [2, "b"]), "c": {3}},
        ["text"] * 40_000,
        [1] * 9 + ["long" * 20_000],
    ],
    ids=lambda value: f"{value!s:.20}",
)
def test_a_pickle_without_a_protocol_is_known_whatever_it_holds(
    tmp_path: Path, value: object, protocol: int
) -> None:
    (tmp_path / "data.bin").write_bytes(pickle.dumps([value] * 9, protocol))
    assert is_pickle(tmp_path / "data.bin")


@pytest.mark.parametrize("protocol", range(2, 6))
@pytest.mark.parametrize(
    "value",
    [(1, 2), [None, True], {"layer.weight": torch.ones(2).numpy()}, ["text"] * 40_000],
    ids=lambda value: f"{value!s:.20}",
)
def test_a_later_pickle_whose_first_opcode_is_missing_is_known(
    tmp_path: Path, value: object, protocol: int
) -> None:
    named = pickle.dumps(value, protocol)
    assert named.startswith(bytes([0x80, protocol]))
    (tmp_path / "data.bin").write_bytes(named[2:])
    pickle.loads(named[2:])  # Python reads it
    assert is_pickle(tmp_path / "data.bin")


@pytest.mark.parametrize("protocol", [0, 1])
def test_to_know_a_pickle_runs_nothing_of_it(tmp_path: Path, protocol: int) -> None:
    path = tmp_path / "data.bin"
    path.write_bytes(pickle.dumps(Toucher(tmp_path / "touched"), protocol))
    assert is_pickle(path)
    assert not (tmp_path / "touched").exists()
    pickle.loads(path.read_bytes())
    assert (tmp_path / "touched").exists(), "the pickle of this test does nothing"


@final
class Toucher:
    """What makes a file when its pickle is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, ...]:
        """Returns the call that makes the file."""
        return Path.touch, (self.path,)


@pytest.mark.parametrize("size", [20, 100, MAX_BYTES, MAX_BYTES + 1, 2 * MAX_BYTES])
def test_no_file_of_numbers_is_taken_for_a_pickle(tmp_path: Path, size: int) -> None:
    draw = random.Random(0)
    path = tmp_path / "data.bin"
    for first in map(ord, "(])}INVXSTUFGLcPKM\x80"):
        path.write_bytes(bytes([first]) + draw.randbytes(size - 2) + b".")
        assert not is_pickle(path), chr(first)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b".",
        b"plain text",
        b"No.",
        b"I am.",
        b"Vienna\nVenice\nVerona\n",
        b"S'\\d'\n",
        bytes(range(256)),
        b"(" * 2 * MAX_BYTES,
        b"PK\x03\x04 cut short",
    ],
    ids=lambda data: f"{data!s:.20}",
)
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
    assert find_pickles(tmp_path) == [(tmp_path / name, False)]
    message = explain_pickle(tmp_path)
    assert message.startswith(f"{tmp_path} holds {name}, named as a pickle; ")


def test_an_archive_of_a_later_version_is_not_called_a_pickle(tmp_path: Path) -> None:
    path = tmp_path / "data.bin"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("data.pkl", "")
    data = bytearray(path.read_bytes())
    data[data.rindex(b"PK\x01\x02") + 6] = 200  # the version that is needed to read it
    path.write_bytes(data)
    assert not is_pickle(path)


def test_the_pickle_is_named_before_a_file_with_the_name_of_one(tmp_path: Path) -> None:
    (tmp_path / "a.pt").write_bytes(b"")
    (tmp_path / "b.bin").write_bytes(pickle.dumps({}))
    assert "holds b.bin, a pickle; " in explain_pickle(tmp_path)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this platform has no named pipes")
def test_a_pipe_is_not_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "data.bin")
    assert find_pickles(tmp_path) == []
