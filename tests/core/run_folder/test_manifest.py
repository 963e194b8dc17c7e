"""The manifest: written, read back, and refused if it is invalid."""

from __future__ import annotations

import math
import os
from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.run_folder.manifests import VALUES
from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import IntegrityError, NotFoundError
from zoo_core.run_folder.manifest import (
    FORMAT,
    MANIFEST,
    MAX_TEXT_BYTES,
    OTHER_FOLDERS,
    SWEEP,
    WEIGHTS,
    Manifest,
    read_manifest,
)
from zoo_core.runtime.comparisons.files import DATA as COMPARISON
from zoo_core.runtime.exporting.export import SIGNATURE
from zoo_core.storage.hashes import FileRecord


@pytest.fixture
def manifest() -> Manifest:
    """A manifest."""
    return Manifest.from_json(VALUES)


def test_a_manifest_is_read_back_from_its_file(manifest: Manifest, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(manifest.to_bytes())
    assert read_manifest(tmp_path) == manifest


def test_the_same_manifest_has_the_same_bytes(manifest: Manifest, tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(manifest.to_bytes())
    assert read_manifest(tmp_path).to_bytes() == manifest.to_bytes()


def test_the_file_states_its_format_and_the_weights_file() -> None:
    assert (VALUES["format"], VALUES["weights"]["file"]) == (FORMAT, WEIGHTS)


def test_the_run_config_stands_at_the_top_of_the_file() -> None:
    assert (VALUES["model"], VALUES["recipe"]) == ("tiny", "tiny.first")
    assert VALUES["configs"]["model"] == {"width": 8}
    assert "run_config" not in VALUES


def test_figures_keep_every_digit(manifest: Manifest) -> None:
    assert manifest.metrics["validation"]["loss"] == 0.1 + 0.2


def test_symbols_are_readable_in_the_file(manifest: Manifest) -> None:
    assert "✓" in manifest.to_bytes().decode()


def test_text_that_is_not_utf_8_is_read_back(manifest: Manifest, tmp_path: Path) -> None:
    configs = manifest.run_config.configs | {"dataset": {"path": os.fsdecode(b"caf\xe9.txt")}}
    symbols = Vocabulary(("a", "\ud83d", "\ude00", "ö", "\\"))
    odd = replace(
        manifest,
        run_config=replace(manifest.run_config, configs=configs),
        signature=replace(manifest.signature, vocabulary=symbols),
    )
    (tmp_path / MANIFEST).write_bytes(odd.to_bytes())
    assert read_manifest(tmp_path) == odd


def test_a_value_that_is_not_a_number_is_never_written(manifest: Manifest) -> None:
    diverged = replace(manifest, metrics={"train": {"loss": math.nan}})
    with pytest.raises(ValueError, match="JSON compliant"):
        diverged.to_bytes()


def test_other_weights_change_nothing_else(manifest: Manifest) -> None:
    record = FileRecord(11, "1" * 64)
    other = manifest.with_weights(record)
    assert other.weights == record
    assert replace(other, weights=manifest.weights) == manifest


@pytest.mark.parametrize("key", [key for key in VALUES if key != "format"])
def test_a_missing_field_is_refused_by_name(key: str) -> None:
    values = {name: value for name, value in VALUES.items() if name != key}
    with pytest.raises(IntegrityError, match=key):
        Manifest.from_json(values)


def test_a_later_format_names_the_upgrade() -> None:
    remedy = "; upgrade zoo-core, a newer one wrote it"
    with pytest.raises(IntegrityError, match=f"^format 3: this core reads 1 to 2{remedy}$"):
        Manifest.from_json(VALUES | {"format": 3})


@pytest.mark.parametrize("format", [None, 0, True, "1"])
def test_another_format_is_refused(format: object) -> None:
    with pytest.raises(IntegrityError, match=f"^format {format!r}: this core reads 1 to 2$"):
        Manifest.from_json(VALUES | {"format": format})


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("epochs", "many"),
        ("steps", None),
        ("tokens", []),
        ("tokens", math.inf),
        ("metrics", []),
        ("metrics", {"validation": 0.5}),
        ("metrics", {"validation": {"loss": "low"}}),
        ("versions", []),
        ("signature", []),
        ("signature", VALUES["signature"] | {"vocabulary": ["a", "a"]}),
        ("weights", None),
        ("weights", {"size": 1}),
        ("weights", {"size": -1, "sha256": "0" * 64}),
        ("model", 3),
        ("configs", []),
    ],
)
def test_a_field_of_the_wrong_type_is_refused(key: str, value: object) -> None:
    with pytest.raises(IntegrityError):
        Manifest.from_json(VALUES | {key: value})


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "not JSON"),
        (b'{"format": 1', "not JSON"),
        (b"\xff\xfe", "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "no format: it is not the manifest of a checkpoint of the zoo"),
    ],
)
def test_a_damaged_file_is_refused_by_path(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / MANIFEST).write_bytes(data)
    with pytest.raises(IntegrityError) as caught:
        read_manifest(tmp_path)
    assert str(caught.value).startswith(f"{tmp_path / MANIFEST}: {message}")


def test_a_manifest_that_is_not_json_is_told_the_remedy(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).write_bytes(b'{"format": 1,}')
    with pytest.raises(IntegrityError, match="copy or download the checkpoint again"):
        read_manifest(tmp_path)
    (tmp_path / MANIFEST).write_bytes(b"<!doctype html>")
    with pytest.raises(IntegrityError, match=r"it is a web page$"):
        read_manifest(tmp_path)


@pytest.mark.parametrize(
    ("folder", "reason"),
    [
        ("gone", "there is no such folder"),
        ("file.txt", "it is no folder"),
        ("empty", r"it has no config\.json"),
    ],
)
def test_a_folder_without_a_manifest_is_refused(tmp_path: Path, folder: str, reason: str) -> None:
    (tmp_path / "file.txt").touch()
    (tmp_path / "empty").mkdir()
    with pytest.raises(NotFoundError, match=f"no checkpoint in .*{folder}: {reason}"):
        read_manifest(tmp_path / folder)


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        ("sweep.toml", r"it is a sweep; see: zoo runs --sweep .*/folder$"),
        ("comparison.json", "it holds the results of a comparison; see: zoo runs$"),
        ("signature.json", "it is an exported model; see: zoo runs$"),
    ],
)
def test_another_folder_of_the_zoo_is_called_what_it_is(
    tmp_path: Path, file: str, reason: str
) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / file).touch()
    with pytest.raises(NotFoundError, match=f"no checkpoint in .*folder: {reason}"):
        read_manifest(folder)


def test_the_name_of_a_repo_is_told_how_a_repo_is_called(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(NotFoundError, match=r"; one on the Hub is called hub:owner/fox-1$"):
        read_manifest(Path("owner/fox-1"))
    Path("owner").mkdir()
    for folder in ("owner/fox-1", "absent", "a/b/c", str(tmp_path / "none" / "a")):
        with pytest.raises(NotFoundError, match=r"no such folder; see: zoo runs$"):
            read_manifest(Path(folder))


def test_the_files_that_tell_folders_apart_are_those_that_are_written() -> None:
    written = {MANIFEST, SWEEP, COMPARISON, SIGNATURE}
    assert OTHER_FOLDERS.keys() == written


def test_a_manifest_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    (tmp_path / MANIFEST).mkdir()
    with pytest.raises(IntegrityError, match=r"config\.json is not readable"):
        read_manifest(tmp_path)


def test_a_manifest_that_is_too_large_is_refused_unread(tmp_path: Path) -> None:
    with (tmp_path / MANIFEST).open("wb") as file:
        file.truncate(MAX_TEXT_BYTES + 1)
    with pytest.raises(IntegrityError, match="16,000,001 bytes are too many for a manifest"):
        read_manifest(tmp_path)
