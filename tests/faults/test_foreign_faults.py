"""Foreign files: truncated, padded, swapped and malicious checkpoints."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import pickle
import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save

from tests.cli.command import Zoo
from tests.faults.child import no_more_memory_than
from tests.faults.conftest import Met, Start
from tests.faults.fault import case, fault
from zoo_core.downloads.download import RemoteFile, fetch
from zoo_core.errors import IntegrityError

WEIGHTS, MANIFEST = "model.safetensors", "config.json"
UNTOUCHED = "the file as it was"
Spoil = Callable[[Path], object]


def put(folder: Path, data: bytes) -> None:
    """Replaces the weights, with their size and hash in the manifest, as an attacker can."""
    (folder / WEIGHTS).write_bytes(data)
    record = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
    change(folder, lambda values: values["weights"].update(record))


def change(folder: Path, act: Callable[[dict[str, Any]], object]) -> None:
    """Changes the manifest."""
    values = json.loads((folder / MANIFEST).read_bytes())
    act(values)
    (folder / MANIFEST).write_text(json.dumps(values))


def header(text: object, body: bytes = bytes(4)) -> Spoil:
    """Replaces the weights by a file with this header."""
    data = text if isinstance(text, bytes) else json.dumps(text).encode()
    return lambda folder: put(folder, len(data).to_bytes(8, "little") + data + body)


def entry(first: int = 0, last: int = 4, dtype: str = "F32") -> dict[str, Any]:
    """Returns the header of a tensor of one number."""
    return {"dtype": dtype, "shape": [1], "data_offsets": [first, last]}


def archive(folder: Path) -> None:
    """Replaces the weights by a zip archive."""
    with zipfile.ZipFile(folder / WEIGHTS, "w") as file:
        file.writestr("data.pkl", b"")


def vouched_terabyte(folder: Path) -> None:
    """Extends the weights to an empty terabyte, with this size in the manifest."""
    os.truncate(folder / WEIGHTS, 1 << 40)
    change(folder, lambda values: values["weights"].update(size=1 << 40))


def pickled_alone(folder: Path) -> None:
    """Leaves only the pickled weights that other libraries save."""
    shutil.rmtree(folder / "state")
    (folder / MANIFEST).unlink()
    torch.save(load_file(folder / WEIGHTS), folder / "pytorch_model.bin")
    (folder / WEIGHTS).unlink()


def tensors(act: Callable[[dict[str, torch.Tensor]], object]) -> Spoil:
    """Returns what replaces the weights by a valid file with changed tensors."""

    def spoil(folder: Path) -> None:
        weights = load_file(folder / WEIGHTS)
        act(weights)
        put(folder, save(weights, metadata={"format": "pt"}))

    return spoil


def sizes(name: str, value: object) -> Spoil:
    """Returns what changes a size of the model in the manifest."""
    return lambda folder: change(
        folder, lambda values: values["configs"]["model"].update({name: value})
    )


WHOLE = "Error: …model.safetensors is not a whole safetensors file: "
OTHER = "Error: …model.safetensors has … bytes, the manifest says …"
KIND = "Error: …model.safetensors is {}; it has … bytes, the manifest says …"
CONVERT = "convert it to safetensors where you trust it"
SIGNATURE = "Error: …config.json: signature: not a signature: …"
TOO_LARGE = "Error: lstm-embed would have …; … are free here: choose smaller sizes"


@pytest.mark.parametrize(
    "spoil",
    [
        case((15, "empty weights", OTHER, 4, UNTOUCHED), lambda f: os.truncate(f / WEIGHTS, 0)),
        case((15, "cut weights", OTHER, 4, UNTOUCHED), lambda f: os.truncate(f / WEIGHTS, 99)),
        case(
            (15, "padded weights", OTHER, 4, UNTOUCHED), lambda f: os.truncate(f / WEIGHTS, 99_999)
        ),
        case(
            (16, "header length of 2^64 - 1", WHOLE + "… do not hold a header of …", 4, UNTOUCHED),
            lambda f: put(f, b"\xff" * 64),
        ),
        case(
            (16, "weights of a terabyte", OTHER, 4, UNTOUCHED),
            lambda f: os.truncate(f / WEIGHTS, 1 << 40),
        ),
        case(
            (
                16,
                "a terabyte that the manifest vouches for",
                "Error: …model.safetensors has 1.1 TB, … of memory are free",
                6,
                UNTOUCHED,
            ),
            vouched_terabyte,
        ),
        case(
            (17, "a Git LFS pointer", KIND.format("a Git LFS pointer, …"), 4, UNTOUCHED),
            lambda f: (f / WEIGHTS).write_text("version https://git-lfs.github.com/spec/v1\n"),
        ),
        case(
            (17, "a web page", KIND.format("a web page"), 4, UNTOUCHED),
            lambda f: (f / WEIGHTS).write_text("\n<!DOCTYPE html><html></html>"),
        ),
        case((17, "a zip archive", KIND.format("a zip archive, …"), 4, UNTOUCHED), archive),
        case(
            (17, "a pickle", KIND.format(f"a pickle; {CONVERT}"), 4, UNTOUCHED),
            lambda f: (f / WEIGHTS).write_bytes(pickle.dumps({"w": 1})),
        ),
        case(
            (17, "gzip", KIND.format("gzip; unpack it first"), 4, UNTOUCHED),
            lambda f: (f / WEIGHTS).write_bytes(gzip.compress(b"weights")),
        ),
        case(
            (17, "a web page as manifest", "Error: …config.json: it is a web page", 4, UNTOUCHED),
            lambda f: (f / MANIFEST).write_text("<HTML>"),
        ),
        case(
            (18, "a header key twice", WHOLE + "its header names 'w' twice", 4, UNTOUCHED),
            header(b'{"w": 1, "w": 2}'),
        ),
        case(
            (18, "../ in a tensor's name", WHOLE + "… a tensor named '../w'", 4, UNTOUCHED),
            header({"../w": entry()}),
        ),
        case(
            (18, "overlapping tensors", WHOLE + "its tensors overlap or …", 4, UNTOUCHED),
            header({"v": entry(), "w": entry()}),
        ),
        case(
            (18, "offsets out of range", WHOLE + "its tensors …", 4, UNTOUCHED),
            header({"w": entry(4, 8)}),
        ),
        case(
            (18, "an unknown dtype", WHOLE + "its header is wrong about w: …", 4, UNTOUCHED),
            header({"w": entry(dtype="F99")}),
        ),
        case(
            (19, "a missing tensor", "Error: … do not fit: output.bias is missing", 4, UNTOUCHED),
            tensors(lambda weights: weights.pop("output.bias")),
        ),
        case(
            (19, "an extra tensor", "Error: … do not fit: extra is unexpected", 4, UNTOUCHED),
            tensors(lambda weights: weights.update(extra=torch.zeros(2))),
        ),
        case(
            (
                19,
                "two mis-shaped tensors",
                "Error: … output.bias is (2,), not (4,); output.weight is (3,), not (4, …)",
                4,
                UNTOUCHED,
            ),
            tensors(
                lambda weights: weights.update(
                    {"output.bias": torch.zeros(2), "output.weight": torch.zeros(3)}
                )
            ),
        ),
        case(
            (
                21,
                "a folder with pickled weights alone",
                "Error: … holds pytorch_model.bin, a pickle; in an environment you trust: …",
                4,
                UNTOUCHED,
            ),
            pickled_alone,
        ),
        case(
            (22, "a flipped byte", "Error: … has sha256 …, the manifest says …", 4, UNTOUCHED),
            lambda f: (f / WEIGHTS).write_bytes((f / WEIGHTS).read_bytes()[:-1] + b"!"),
        ),
        case(
            (23, "a manifest field of the wrong type", "Error: …config.json: …", 4, UNTOUCHED),
            lambda f: change(f, lambda values: values.update(epochs="3")),
        ),
        case(
            (23, "an unknown model", "Error: no model 'zoo-lstm:owl'; …", 3, UNTOUCHED),
            lambda f: change(f, lambda values: values.update(model="owl")),
        ),
        case((23, "a hidden size of 10^9", TOO_LARGE, 6, UNTOUCHED), sizes("hidden_size", 10**9)),
        case(
            (23, "an embedding of 10^12", TOO_LARGE, 6, UNTOUCHED), sizes("embedding_size", 10**12)
        ),
        case(
            (23, "10^9 layers", "Error: … model.num_layers = …: expected …", 6, UNTOUCHED),
            sizes("num_layers", 10**9),
        ),
        case(
            (24, "vocabulary and sizes disagree", SIGNATURE, 4, UNTOUCHED),
            lambda f: change(f, lambda values: values["signature"]["vocabulary"].append("!")),
        ),
        case(
            (24, "vocabulary and embedding disagree", "Error: … do not fit: …", 4, UNTOUCHED),
            lambda f: change(
                f,
                lambda values: values["signature"].update(
                    vocabulary=list("ehloabc"),
                    outputs={"kind": "classes", "size": 7, "per": "step"},
                    inputs={"kind": "tokens", "size": 7},
                ),
            ),
        ),
    ],
)
def test_a_foreign_checkpoint_is_refused(start: Start, met: Met, hello: Path, spoil: Spoil) -> None:
    spoil(hello)
    before = {path: path.stat().st_mtime_ns for path in hello.rglob("*")}
    met(start("predict", hello, "hello", before=no_more_memory_than(1 << 30)).wait())
    assert {path: path.stat().st_mtime_ns for path in hello.rglob("*")} == before


@pytest.mark.parametrize("name", ["model.pt", "model.pkl", "model.bin"])
@fault(
    21,
    "a pickle as checkpoint",
    says="Error: … is a pickle; in an environment you trust: …save_file…",
    code=4,
    left=UNTOUCHED,
)
def test_a_pickle_is_never_loaded(zoo: Zoo, met: Met, tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(pickle.dumps({}))
    met(zoo("predict", tmp_path / name, "hello"))


def with_nan(folder: Path) -> None:
    """Returns the checkpoint with a NaN among its weights."""
    tensors(lambda weights: weights["output.bias"].fill_(float("nan")))(folder)


@fault(
    20,
    "weights that are not a number, loaded",
    says="… has weights that are infinite or not a number",
    code=0,
    left=UNTOUCHED,
)
def test_infinite_weights_are_a_warning(zoo: Zoo, met: Met, hello: Path) -> None:
    with_nan(hello)
    met(zoo("predict", hello, "hello"))


@fault(
    20,
    "weights that are not a number, pushed",
    says="Error: … has weights that are infinite or not a number",
    code=4,
    left="nothing pushed",
)
def test_infinite_weights_are_not_pushed(zoo: Zoo, met: Met, hello: Path, tmp_path: Path) -> None:
    with_nan(hello)
    met(zoo("push", hello, "us/hello", "--dry-run", "--to", tmp_path / "staged"))
    assert not (tmp_path / "staged").exists()


def test_a_download_of_another_hash_never_becomes_the_file(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_bytes(b"other")
    expected = RemoteFile(name="a.txt", size=5, sha256="0" * 64, mirrors=("http://127.0.0.1:9/",))
    with pytest.raises(IntegrityError, match="expected 5 bytes with sha256 0000"):
        fetch(expected, tmp_path)


NAMES = ["../x", "..", "/etc", "a/../../x", "..\\x", "C:\\x", "con", "a:b", "x\0", "."]


@fault(
    25,
    "a run's name that climbs",
    says="Error: no run …",
    code=3,
    left="nothing removed",
)
@pytest.mark.parametrize("name", [name for name in NAMES if "\0" not in name])
def test_no_name_of_a_run_leaves_the_folder(zoo: Zoo, met: Met, isolation: Path, name: str) -> None:
    (isolation / "runs" / "good").mkdir(parents=True)
    (isolation / "x").mkdir()
    met(zoo("runs", "remove", "--yes", name))
    assert (isolation / "x").is_dir()
    assert (isolation / "runs" / "good").is_dir()


@fault(25, "a name that is not a repo", says="Error: …", code=3, left="nothing")
@pytest.mark.parametrize("repo", ["../x", "a/..", "./a", "a/b/c", "a\\b/c", "..\\a/b", "-a/b"])
def test_no_repo_leaves_the_cache(zoo: Zoo, met: Met, tmp_path: Path, repo: str) -> None:
    met(zoo("pull", f"hub:{repo}"))


@fault(25, "CURRENT leads elsewhere", says="Error: … names no state: …", code=4, left=UNTOUCHED)
@pytest.mark.parametrize("name", ["../../x", "..", "/etc", "C:\\x", "7/..", ".7.tmp"])
def test_no_state_leaves_its_folder(zoo: Zoo, met: Met, unfinished: Path, name: str) -> None:
    (unfinished / "state" / "CURRENT").write_text(name)
    met(zoo("resume", unfinished))
