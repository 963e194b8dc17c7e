"""Tests of the folders that a run may write to."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.core.run_folder.manifests import VALUES
from zoo_core.errors import TargetError
from zoo_core.run_folder.integrity import copy_checkpoint
from zoo_core.run_folder.lock import lock_run_folder
from zoo_core.run_folder.ownership import MARKER, check_run_folder


def write(path: Path, text: str = "mine") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


@pytest.mark.parametrize(
    "name",
    ["model.safetensors", "curve.png", "README.md", "notes.txt", "state/CURRENT", "config.json"],
)
def test_a_folder_with_foreign_files_is_refused_and_unchanged(tmp_path: Path, name: str) -> None:
    path = write(tmp_path / "a" / name, '{"model_type": "gpt2"}')
    with (
        pytest.raises(TargetError, match="files that the zoo did not make"),
        lock_run_folder(tmp_path / "a"),
    ):
        pass
    assert [file for file in (tmp_path / "a").rglob("*") if file.is_file()] == [path]


@pytest.mark.parametrize("text", ["", "{", "[1]", '"text"', "[" * 100_000])
def test_a_manifest_that_is_none_makes_no_folder_the_zoos(tmp_path: Path, text: str) -> None:
    write(tmp_path / "config.json", text)
    with pytest.raises(TargetError, match="files that the zoo did not make"):
        check_run_folder(tmp_path)


def test_a_manifest_of_the_keys_of_every_format_alone_is_recognized(tmp_path: Path) -> None:
    keys = ("format", "signature", "fingerprint", "weights")
    write(tmp_path / "config.json", json.dumps(dict.fromkeys(keys, 0)))
    check_run_folder(tmp_path)


def test_a_state_that_is_a_file_is_foreign(tmp_path: Path) -> None:
    write(tmp_path / "state")
    with pytest.raises(TargetError, match="files that the zoo did not make"):
        check_run_folder(tmp_path)


def test_the_marker_is_the_first_file_written(tmp_path: Path) -> None:
    with lock_run_folder(tmp_path / "a"):
        assert (tmp_path / "a" / "state" / MARKER).is_file()
        write(tmp_path / "a" / "model.safetensors")
        check_run_folder(tmp_path / "a")


def test_a_run_that_wrote_nothing_leaves_no_marker(tmp_path: Path) -> None:
    with lock_run_folder(tmp_path / "a"):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "left", [[], ["LOCK"], ["LOCK", ".MADE_BY_ZOO.0123abcd.tmp"], ["LOCK", "HOLDER"]]
)
def test_a_run_killed_before_its_marker_blocks_no_other(tmp_path: Path, left: list[str]) -> None:
    (tmp_path / "state").mkdir()
    for name in left:
        write(tmp_path / "state" / name, "")
    check_run_folder(tmp_path)


@pytest.mark.parametrize(
    ("name", "text"), [("state/CURRENT", "12\n"), ("config.json", json.dumps(VALUES))]
)
def test_a_run_without_a_marker_is_recognized(tmp_path: Path, name: str, text: str) -> None:
    write(tmp_path / "notes.txt")
    write(tmp_path / name, text)
    check_run_folder(tmp_path)


@pytest.mark.parametrize(
    "name", ["model.safetensors", "state/CURRENT", "state", "steps.jsonl", "logs"]
)
def test_an_entry_that_is_a_link_is_refused(tmp_path: Path, name: str) -> None:
    outside, folder = tmp_path / "outside", tmp_path / "a"
    outside.mkdir()
    write(folder / "config.json", json.dumps(VALUES))
    (folder / name).parent.mkdir(exist_ok=True)
    (folder / name).symlink_to(outside)
    with pytest.raises(TargetError, match="is a link, and a run writes to it"):
        check_run_folder(folder)


def test_a_folder_with_the_name_of_a_file_is_refused(tmp_path: Path) -> None:
    write(tmp_path / "config.json", json.dumps(VALUES))
    (tmp_path / "curve.png").mkdir()
    with pytest.raises(TargetError, match=r"curve\.png is in the way of a run"):
        check_run_folder(tmp_path)


def test_parents_and_the_folder_itself_may_be_links(tmp_path: Path) -> None:
    (tmp_path / "real" / "a").mkdir(parents=True)
    (tmp_path / "link").symlink_to(tmp_path / "real" / "a")
    (tmp_path / "parent").symlink_to(tmp_path / "real")
    check_run_folder(tmp_path / "link")
    check_run_folder(tmp_path / "parent" / "a")


def test_a_path_that_is_not_utf8_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    folder = tmp_path / os.fsdecode(b"caf\xe9")
    with pytest.raises(TargetError, match=r"udce9' is not UTF-8"), lock_run_folder(folder):
        pass
    with pytest.raises(TargetError, match="choose another name"):
        copy_checkpoint(tmp_path / "checkpoint", folder)
    assert list(tmp_path.iterdir()) == []
