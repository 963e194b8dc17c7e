"""The reader of MATLAB 5 files: what scipy writes, either order of bytes, and what is wrong."""

from __future__ import annotations

import random
import zlib
from pathlib import Path

import numpy as np
import pytest

from tests.plugins.music.made import KINDS, PACKED, PLAIN, roll
from tests.plugins.music.mat_file import (
    CELL,
    COMPRESSED,
    DOUBLE,
    cell_array,
    element,
    mat_file,
    matrix,
    packed,
    songs_file,
    variable,
)
from zoo_core.errors import DataError
from zoo_music import mat
from zoo_music.mat import read_cell_arrays
from zoo_music.rolls import VARIABLES, read_songs

SONG = roll(3)
ONE = cell_array("traindata", [matrix(SONG)])


@pytest.mark.parametrize("path", [PLAIN, PACKED], ids=lambda path: path.stem)
def test_files_of_scipy_are_read(path: Path) -> None:
    songs = read_songs(path.read_bytes(), path.name)
    counts = {split: len(rolls) for split, rolls in songs.items()}
    assert counts == {"train": len(KINDS), "validation": 2, "test": 1}
    for number, song in enumerate(songs["train"]):
        assert np.array_equal(song.numpy(), roll(number))
    assert np.array_equal(songs["test"][0].numpy(), roll(2))


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("dtype", ["u1", "f8", "i4"])
def test_either_order_of_bytes_is_read(order: str, dtype: str) -> None:
    songs = read_songs(songs_file([SONG, roll(8)], dtype, order), "rolls.mat")
    for split in VARIABLES:
        assert np.array_equal(songs[split][0].numpy(), SONG)
        assert np.array_equal(songs[split][1].numpy(), roll(8))


def test_a_compressed_variable_is_the_variable() -> None:
    (read,) = read_cell_arrays(mat_file(packed(ONE)), "rolls.mat", ["traindata"])["traindata"]
    assert np.array_equal(read, SONG)


def test_other_variables_are_not_read() -> None:
    broken = variable("other", 2, (1, 1), element(77, b"12345678"))
    read = read_cell_arrays(mat_file(broken, ONE), "rolls.mat", ["traindata"])
    assert read.keys() == {"traindata"}


NUMBER = variable("", DOUBLE, (1, 1), element(9, bytes(8)))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "rolls.mat is no MATLAB 5 file; save it with"),
        (b"\x80\x04" + bytes(200), "is no MATLAB 5 file but a pickle; save it with"),
        (b"<html>" + bytes(200), "is no MATLAB 5 file but a web page; save it with"),
        (b"\x89HDF\r\n\x1a\n" + bytes(200), r"but one of MATLAB 7.3 \(HDF5\); save it with"),
        (mat_file(version=0x0200), r"but one of MATLAB 7.3 \(HDF5\); save it with"),
        (mat_file(version=7), "version 0x7 of MATLAB files is unknown"),
        (mat_file(), "has no variable 'traindata'; it has none"),
        (mat_file(cell_array("x\x1b", [])), r"no variable 'traindata'; it has 'x\\x1b'"),
        (
            mat_file(variable("traindata", DOUBLE, (1, 1), element(9, bytes(8)))),
            "'traindata' is a matrix of numbers, expected a cell array",
        ),
        (
            mat_file(cell_array("traindata", [cell_array("", [NUMBER])])),
            "traindata{1} is a cell array, expected a matrix of real numbers",
        ),
        (
            mat_file(cell_array("traindata", [NUMBER, variable("", 2, (1, 1), b"")])),
            "traindata{2} is a struct, expected",
        ),
        (
            mat_file(cell_array("traindata", [variable("", DOUBLE, (1, 1), b"", flags=0x0800)])),
            "traindata{1} is a matrix of complex numbers, expected",
        ),
        (
            mat_file(variable("traindata", CELL, (1, 2), NUMBER)),
            "is damaged: 1 cells where 2 are announced",
        ),
        (
            mat_file(
                cell_array("traindata", [variable("", DOUBLE, (9, 88), element(9, bytes(8)))])
            ),
            "is damaged: traindata{1} of 9 × 88 has 8 bytes of numbers",
        ),
        (
            mat_file(
                cell_array(
                    "traindata", [variable("", DOUBLE, (2**31 - 1, 2**31 - 1), element(2, b""))]
                )
            ),
            "is damaged: traindata{1} of 2147483647 × 2147483647 has 0 bytes of numbers",
        ),
        (
            mat_file(cell_array("traindata", [variable("", DOUBLE, (1,) * 99, element(2, b"1"))])),
            "traindata{1} is an array of 99 dimensions, expected a matrix of real numbers",
        ),
        (mat_file(packed(b"")), "an element of type 0 in place of a variable"),
        (mat_file(packed(ONE + ONE)[:-8]), "is cut off"),
        (mat_file(variable("traindata", CELL, (-1, 1), b"")), "a variable with a negative size"),
        (mat_file(element(14, element(6, b"1234"))), "a variable without flags, sizes or name"),
        (mat_file(element(77, bytes(8))), "an element of type 77 in place of a variable"),
        (mat_file(element(15, b"no zlib at all")), "is damaged: Error -3"),
        (mat_file(packed(ONE)[:-9] + bytes(9)), "is damaged: "),
        (mat_file(ONE)[:-40], "is cut off: .* bytes are needed in the file, .* are left"),
        (mat_file(packed(ONE))[:-9], "is cut off: .* bytes are needed in the file, .* are left"),
    ],
)
def test_what_is_wrong_is_named(data: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message.replace("{", "\\{")):
        read_cell_arrays(data, "rolls.mat", ["traindata"])


def test_what_unpacks_to_more_than_the_limit_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mat, "MAX_UNPACKED", 10_000)
    bomb = packed(cell_array("traindata", [matrix(np.zeros((10_000, 88), dtype=np.uint8))]))
    with pytest.raises(DataError, match=r"rolls.mat unpacks to more than 0\.0 GB"):
        read_cell_arrays(mat_file(bomb), "rolls.mat", ["traindata"])


def test_the_variables_of_a_file_unpack_to_no_more_than_the_limit_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    file = mat_file(packed(ONE), packed(cell_array("testdata", [matrix(SONG)])))
    names = ["traindata", "testdata"]
    monkeypatch.setattr(mat, "MAX_UNPACKED", 2 * len(ONE))
    assert read_cell_arrays(file, "rolls.mat", names).keys() == {*names}
    monkeypatch.setattr(mat, "MAX_UNPACKED", 2 * len(ONE) - 16)
    with pytest.raises(DataError, match="unpacks to more than"):
        read_cell_arrays(file, "rolls.mat", names)


def test_a_packed_variable_that_is_cut_off_is_named() -> None:
    stream = zlib.compressobj()
    begun = stream.compress(ONE) + stream.flush(zlib.Z_FULL_FLUSH)  # all of it, without an end
    with pytest.raises(DataError, match="a packed variable is cut off"):
        read_cell_arrays(mat_file(element(COMPRESSED, begun)), "rolls.mat", ["traindata"])


@pytest.mark.parametrize("path", [PLAIN, PACKED], ids=lambda path: path.stem)
def test_damaged_files_are_refused_or_read(path: Path) -> None:
    draw, data, messages = random.Random(0), path.read_bytes(), []
    for _ in range(300):
        damaged = bytearray(data[: draw.randrange(len(data))])
        if draw.random() < 0.7:
            damaged = bytearray(data)
            for _ in range(draw.randint(1, 8)):
                damaged[draw.randrange(len(data))] = draw.randrange(256)
        try:
            read_songs(bytes(damaged), path.name)
        except DataError as error:
            messages.append(str(error))
    assert messages
    assert max(map(len, messages)) < 1000


@pytest.mark.parametrize(
    ("song", "message"),
    [
        (np.zeros((4, 87)), r"song 2 of traindata is 4 × 87, expected steps × 88: a column for"),
        (np.zeros((4, 128)), r"is 4 × 128, expected steps × 88: .*, MIDI 21 to 108"),
        (np.zeros((1, 88)), "song 2 of traindata has 1 steps, expected 2 or more"),
        (np.eye(88) * 2, "song 2 of traindata has 2 at step 1 for A0, expected 0 or 1"),
        (np.full((2, 88), np.nan), "has nan at step 1 for A0, expected 0 or 1"),
    ],
)
def test_songs_that_are_no_piano_rolls_are_refused(song: np.ndarray, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_songs(songs_file([SONG, song], "f8"), "rolls.mat")


def test_a_split_without_songs_is_refused() -> None:
    with pytest.raises(DataError, match=r"rolls\.mat: traindata has no songs"):
        read_songs(songs_file([]), "rolls.mat")
