"""Registry entries: what they take from a checkpoint, and what they change in a file."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.core.run_folder.manifests import VALUES
from zoo_core.errors import ConfigError, MisfitError
from zoo_core.registry.entry import add_entry, make_entry
from zoo_core.registry.file import Pretrained
from zoo_core.run_folder.manifest import CARD, MANIFEST, WEIGHTS
from zoo_core.run_folder.safetensors_header import TensorRecord, make_header
from zoo_core.storage.hashes import FileRecord

COMMIT = "0123456789abcdef0123456789abcdef01234567"


def _checkpoint(folder: Path, **values: object) -> Path:
    """Writes a checkpoint with one tensor of six numbers."""
    header, _ = make_header({"weight": TensorRecord("F32", (2, 3))}, {})
    (folder / WEIGHTS).write_bytes(header + bytes(24))
    weights = {"file": WEIGHTS} | FileRecord.of(folder / WEIGHTS)._asdict()
    (folder / MANIFEST).write_text(json.dumps(VALUES | {"weights": weights} | values))
    (folder / CARD).write_text("# A model\n")
    return folder


def _entry(**values: Any) -> Pretrained:
    pin = FileRecord(7, "0" * 64)
    entry = Pretrained(
        name="tiny.first",
        source="hub:owner/repo",
        revision=COMMIT,
        summary="A model.",
        license="MIT",
        metrics={},
        files={MANIFEST: pin, WEIGHTS: pin},
    )
    return entry._replace(**values)


def test_an_entry_has_the_metrics_of_the_test_split(tmp_path: Path) -> None:
    metrics = {"train": {"loss": 1.0}, "validation": {"loss": 2.0}, "test": {"loss": 0.123456}}
    folder = _checkpoint(tmp_path, metrics=metrics)
    entry = make_entry(folder, "hub:owner/repo", revision=COMMIT)
    assert entry.metrics == {"loss": 0.1235}
    assert (entry.name, entry.parameters, entry.seconds) == ("tiny.first", 6, None)


def test_a_run_that_was_interrupted_gets_no_entry(tmp_path: Path) -> None:
    folder = _checkpoint(tmp_path, status="interrupted")
    with pytest.raises(MisfitError, match="is unfinished: zoo resume"):
        make_entry(folder, "hub:owner/repo", revision=COMMIT)


def test_an_entry_is_named_after_its_model(tmp_path: Path) -> None:
    folder = _checkpoint(tmp_path)
    with pytest.raises(ConfigError, match="holds a tiny, name it after that"):
        make_entry(folder, "hub:owner/repo", revision=COMMIT, name="huge.first")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"summary": "two\nlines"}, "expected a line of text"),
        ({"files": {MANIFEST: FileRecord(7, "0" * 64)}}, "it must be pinned"),
        ({"revision": "main"}, "can move: pin the 40 hex digits"),
    ],
)
def test_a_registry_stays_as_it_is_if_an_entry_is_not_well_formed(
    change: dict[str, object], message: str, tmp_path: Path
) -> None:
    path = tmp_path / "registry.toml"
    path.write_text("schema = 1\n")
    assert add_entry(path, _entry()) is None
    before = path.read_bytes()
    with pytest.raises(ConfigError, match=message):
        add_entry(path, _entry(name="tiny.second", **change))
    assert path.read_bytes() == before
