"""Checkpoints that the Python API loads, verifies, pulls and pushes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file, save

import zoo_core
from zoo_core.errors import ConfigError
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint

HELLO: dict[str, Any] = {"seed": 0, "device": "cpu", "threads": 1}


def test_a_checkpoint_loaded_by_path_or_text_predicts_the_same(
    hello_checkpoint: Checkpoint,
) -> None:
    for reference in (
        hello_checkpoint.folder,
        f"dir:{hello_checkpoint.folder}",
        f"{hello_checkpoint.folder}/",
    ):
        loaded = zoo_core.load(reference)
        assert loaded.finished
        assert zoo_core.predict(loaded, "hello") == "ohlol"


def test_a_checkpoint_stands_for_its_folder(
    hello_checkpoint: Checkpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = {"trainer": {"epochs": 1}}
    run = zoo_core.train("rnn-cell.hello", tmp_path / "run", settings=settings, **HELLO)
    longer = zoo_core.resume(run, epochs=2)
    assert (longer.folder, longer.run_config.configs["trainer"]["epochs"]) == (run.folder, 2)
    assert {item.verdict for item in zoo_core.verify(hello_checkpoint)} == {"ok"}
    assert len(zoo_core.compare([hello_checkpoint]).rows) == 1
    published = []
    monkeypatch.setattr(
        "zoo_core.runtime.hub.publish.publish", lambda *given, **options: published.append(given)
    )
    zoo_core.push(hello_checkpoint, "owner/repo")
    assert [given[1:] for given in published] == [(hello_checkpoint.folder, "owner/repo")]


def test_a_checkpoint_is_pulled_and_verified(tmp_path: Path) -> None:
    folder = zoo_core.pull("lstm-embed.hello", tmp_path / "mine")
    assert folder == tmp_path / "mine"
    assert zoo_core.pull("lstm-embed.hello").is_dir()
    assert {item.verdict for item in zoo_core.verify(folder)} == {"ok"}


def test_a_push_to_no_repo_is_refused(hello_checkpoint: Checkpoint) -> None:
    with pytest.raises(ConfigError, match="'nobody' is not a repo: expected OWNER/REPO"):
        zoo_core.push(hello_checkpoint.folder, "nobody")


def test_loading_an_unfinished_run_logs_a_warning(
    trained: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (trained / "config.json").unlink()
    assert not zoo_core.load(trained).finished
    assert caplog.messages == [f"{trained} is unfinished: using its best weights so far"]


def test_loading_weights_that_are_not_finite_logs_a_warning(
    trained: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = trained / "model.safetensors"
    weights = load_file(path)
    weights["output.bias"].fill_(float("nan"))
    data = save(weights, metadata={"format": "pt"})
    path.write_bytes(data)
    manifest = json.loads((trained / "config.json").read_text())
    manifest["weights"]["sha256"] = hashlib.sha256(data).hexdigest()
    (trained / "config.json").write_text(json.dumps(manifest))
    zoo_core.load(trained)
    assert caplog.messages == [f"{trained} has weights that are infinite or not a number"]
