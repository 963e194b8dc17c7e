"""The header check: complete files pass, every other kind of file is refused by name."""

from __future__ import annotations

import gzip
import io
import json
import pickle
import zipfile
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from safetensors.numpy import save

from zoo_core.errors import IntegrityError
from zoo_core.run_folder.safetensors_header import (
    DTYPE_BYTES,
    MAX_DIMENSIONS,
    MAX_HEADER_BYTES,
    TensorRecord,
    read_header,
)

TENSORS: dict[str, Any] = {
    "output.weight": np.zeros((2, 3), np.float32),
    "output.bias": np.zeros(2, np.float64),
}
WHOLE = save(TENSORS, metadata={"format": "pt"})


def file_with(header: object, body: bytes = b"") -> bytes:
    """Returns a file with this header and body."""
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return len(text).to_bytes(8, "little") + text + body


def read(data: bytes) -> dict[str, TensorRecord]:
    """Returns the header of a file with these bytes."""
    return read_header(io.BytesIO(data), len(data))


def tensor(**change: Any) -> dict[str, Any]:
    """A header with one tensor of four bytes."""
    return {"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4]} | change}


def archive() -> bytes:
    """A zip archive."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as writer:
        writer.writestr(zipfile.ZipInfo("data.pkl"), b"")
    return file.getvalue()


def test_a_whole_file_is_read() -> None:
    assert read(WHOLE) == {
        "output.weight": TensorRecord("F32", (2, 3)),
        "output.bias": TensorRecord("F64", (2,)),
    }


def test_every_dtype_has_the_size_that_the_library_gives_it() -> None:
    kinds: dict[str, Any] = {
        "BOOL": np.bool_,
        "U8": np.uint8,
        "I16": np.int16,
        "F16": np.float16,
        "I64": np.int64,
    }
    for name, kind in kinds.items():
        assert read(save({"w": np.zeros(3, kind)}))["w"] == TensorRecord(name, (3,))
        assert DTYPE_BYTES[name] == np.dtype(kind).itemsize


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "0 bytes do not hold a header"),
        (WHOLE[:5], "5 bytes do not hold a header"),
        (WHOLE[:40], "40 bytes do not hold a header of"),
        (WHOLE[:-1], "its tensors have 40 bytes, and 39 are there"),
        (WHOLE + b"!", "its tensors have 40 bytes, and 41 are there"),
        (b"\xff" * 16, "do not hold a header of 18,446,744,073,709,551,615 bytes"),
        (b"version https://git-lfs.github.com/spec/v1\n", "it is a Git LFS pointer"),
        (b"<!DOCTYPE html><html></html>", "it is a web page"),
        (archive(), "it is a zip archive, as torch.save writes"),
        (pickle.dumps({"w": 1}), "it is a pickle"),
        (gzip.compress(b"weights", mtime=0), "it is gzip"),
        (file_with(b"{"), "its header is not JSON"),
        (file_with(b"\xff\xfe"), "its header is not JSON"),
        (file_with(b"[" * 100_000), "its header is not JSON"),
        (file_with([]), "its header is not a JSON object"),
        (file_with(b'{"w": 1, "w": 2}'), "its header names 'w' twice"),
        (file_with({"../w": tensor()["w"]}, bytes(4)), "a tensor named '../w'"),
        (file_with({"": tensor()["w"]}, bytes(4)), "a tensor named ''"),
        (file_with({"w": 1}), "its header is wrong about w"),
        (file_with(tensor(dtype="F99"), bytes(4)), "its header is wrong about w: 'F99'"),
        (file_with(tensor(shape=[-1]), bytes(4)), "not whole numbers"),
        (file_with(tensor(shape=[1.0]), bytes(4)), "not whole numbers"),
        (file_with(tensor(shape=[True]), bytes(4)), "not whole numbers"),
        (file_with(tensor(shape=[2]), bytes(4)), r"4 bytes for F32 of shape \[2\]"),
        (file_with(tensor(shape=[10**30, 10**30]), bytes(4)), "not whole numbers below"),
        (file_with(tensor(data_offsets=[4, 8]), bytes(8)), "leave a gap at w"),
        (file_with(tensor(data_offsets=[0]), bytes(4)), "its header is wrong about w"),
        (file_with(tensor(extra=1), bytes(4)), "its header is wrong about w"),
        (file_with(tensor() | {"v": tensor()["w"]}, bytes(4)), "overlap or leave a gap"),
    ],
)
def test_an_invalid_file_is_refused_with_the_reason(data: bytes, message: str) -> None:
    with pytest.raises(IntegrityError, match=message) as caught:
        read(data)
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


@settings(max_examples=300, deadline=None, derandomize=True)
@given(st.binary(max_size=200), st.integers(0, len(WHOLE)), st.integers(0, 20))
@example(b"", 0, 0)
def test_any_bytes_are_read_or_refused(noise: bytes, position: int, cut: int) -> None:
    for data in (noise, WHOLE[:position] + noise + WHOLE[position + cut :]):
        try:
            records = read(data)
        except IntegrityError:
            continue
        assert all(isinstance(record, TensorRecord) for record in records.values())


def test_many_names_and_huge_shapes_take_no_time() -> None:
    names = {
        f"w{index}": {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
        for index in range(30_000)
    }
    assert len(read(file_with(names))) == 30_000
    endless = (
        b'{"w":{"dtype":"F32","shape":['
        + b",".join([b"9" * 4000] * 200)
        + b'],"data_offsets":[0,4]}}'
    )
    with pytest.raises(IntegrityError, match="its header is"):
        read(file_with(endless, bytes(4)))


@pytest.mark.parametrize("metadata", [[], {"format": 1}, "pt"])
def test_metadata_is_a_mapping_of_texts(metadata: object) -> None:
    with pytest.raises(IntegrityError, match="__metadata__"):
        read(file_with({"__metadata__": metadata} | tensor(), bytes(4)))


def test_a_tensor_has_as_many_dimensions_as_torch_takes() -> None:
    shape = [1] * MAX_DIMENSIONS
    entry = {"dtype": "F32", "shape": shape, "data_offsets": [0, 4]}
    assert read(file_with({"w": entry}, b"1234"))["w"].shape == tuple(shape)
    with pytest.raises(IntegrityError, match="its header is wrong about w"):
        read(file_with({"w": entry | {"shape": [1, *shape]}}, b"1234"))


def test_a_header_that_is_too_large_is_refused_unread() -> None:
    length = MAX_HEADER_BYTES + 1
    with pytest.raises(IntegrityError, match="do not hold a header of 10,000,001 bytes"):
        read_header(io.BytesIO(length.to_bytes(8, "little")), 2 * length)
