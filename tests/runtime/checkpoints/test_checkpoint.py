"""Checkpoint folders: their content, invalid ones, and what a crash leaves."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors import safe_open

from tests.runtime.checkpoints.crash_points import crashes
from tests.runtime.runs import contents, finish, interrupt, resume_to_end, small_run_config
from zoo_core.errors import IntegrityError, TargetError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.checkpoints.checkpoint import (
    check_no_checkpoint,
    prepare_overwrite,
    read_checkpoint,
    read_history,
)
from zoo_core.runtime.checkpoints.resume_states import read_state
from zoo_core.runtime.checkpoints.tensors import all_finite
from zoo_core.runtime.hub.upload_folder import build_upload_folder
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.run import Run

FILES = {
    *("model.safetensors", "config.json", "README.md", "history.jsonl", "timings.jsonl"),
    *("steps.jsonl", "curve.png", "state"),
}
forks = pytest.mark.skipif(not hasattr(os, "fork"), reason="this platform cannot fork")


def test_a_checkpoint_holds_the_documented_files(trained_once: Path) -> None:
    assert {path.name for path in trained_once.iterdir()} == FILES


def test_the_weights_have_one_key_of_metadata(trained_once: Path) -> None:
    with safe_open(trained_once / "model.safetensors", "pt") as file:
        assert file.metadata() == {"format": "pt"}


def test_the_manifest_knows_size_and_hash_of_the_weights(trained_once: Path) -> None:
    data = (trained_once / "model.safetensors").read_bytes()
    weights = json.loads((trained_once / "config.json").read_text())["weights"]
    digest = hashlib.sha256(data).hexdigest()
    assert weights == {"file": "model.safetensors", "size": len(data), "sha256": digest}


def test_the_manifest_says_what_decided_the_run(trained_once: Path) -> None:
    values = json.loads((trained_once / "config.json").read_text())
    assert values["configs"]["model"]["hidden_size"] == 6
    assert (values["seed"], values["threads"]) == (3, 1)
    assert values["backend"] in ("native", "portable")
    assert values["versions"].keys() >= {"python", "torch", "zoo-core", "zoo-lstm", "zoo-text"}
    assert values["metrics"].keys() == {"train", "validation", "test"}


def test_history_has_a_row_per_epoch_and_no_clock_times(trained_once: Path) -> None:
    rows = read_history(trained_once)
    assert [row["epoch"] for row in rows] == [1, 2, 3]
    assert all("seconds" not in json.dumps(row) for row in rows)
    assert "seconds" in (trained_once / "timings.jsonl").read_text()


def test_the_best_weights_are_the_ones_written(catalog: Catalog, trained_once: Path) -> None:
    checkpoint = read_checkpoint(catalog, trained_once)
    best = min(row["metrics"]["validation"]["loss"] for row in read_history(trained_once))
    batches = checkpoint.dataset.batches("validation", 1, seed=0, epoch=0)
    losses = [checkpoint.trainer.loss(checkpoint.model(batch), batch) for batch in batches]
    assert checkpoint.metrics["validation"]["loss"] == best
    torch.testing.assert_close(torch.stack(losses).mean().item(), best, rtol=1e-5, atol=0)


def test_a_checkpoint_predicts_bit_for_bit_as_the_run_does(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    run = Run(catalog, run_config, tmp_path)
    finish(run)
    batch = Batch(torch.tensor([[1, 2, 3, 4]]))
    ours = run.loop.model.eval()(batch).logits
    assert torch.equal(read_checkpoint(catalog, tmp_path).model(batch).logits, ours)


def test_a_checkpoint_equals_itself_alone(trained: Path, catalog: Catalog) -> None:
    first, second = (read_checkpoint(catalog, trained) for _ in range(2))
    assert [first, second].index(second) == 1
    assert {first: "kept"}[first] == "kept"


@pytest.mark.parametrize(
    ("backend", "first"), [("portable", "portable"), ("reference", "reference"), ("absent", "")]
)
def test_an_evaluation_runs_on_the_kernel_of_the_run_whatever_the_size(
    catalog: Catalog, trained_once: Path, backend: str, first: str
) -> None:
    checkpoint = read_checkpoint(catalog, trained_once)
    recorded = replace(checkpoint.run_config, backend=backend)
    model = replace(checkpoint, run_config=recorded).evaluated_model
    layers = [module for module in model.modules() if isinstance(module, Recurrent)]
    assert layers
    for layer in layers:
        assert layer.chooses_by_size == (not first)  # a kernel that is not there
        assert first in ("", layer.kernels[0].name)
    assert not model.training


def test_a_checkpoint_predicts_without_its_data(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path, text_file: Path
) -> None:
    copy = tmp_path / "copy.txt"
    copy.write_bytes(text_file.read_bytes())
    configs = run_config.configs | {"dataset": run_config.configs["dataset"] | {"path": str(copy)}}
    finish(Run(catalog, RunConfig(**run_config.to_json() | {"configs": configs}), tmp_path / "run"))
    copy.unlink()
    checkpoint = read_checkpoint(catalog, tmp_path / "run")
    answer = checkpoint.model(checkpoint.dataset.encode("the fox"))
    assert len(checkpoint.dataset.decode(answer)) == len("the fox")


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux has names that are not UTF-8")
def test_a_path_that_is_not_utf_8_is_kept_and_may_be_pushed(
    catalog: Catalog, tmp_path: Path, text_file: Path
) -> None:
    copy = Path(os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.txt"))
    copy.write_bytes(text_file.read_bytes())
    run = Run(catalog, small_run_config(catalog, copy, trainer={"epochs": 1}), tmp_path / "run")
    finish(run)
    checkpoint = read_checkpoint(catalog, tmp_path / "run")
    assert checkpoint.run_config == run.run_config
    assert checkpoint.dataset.fingerprint == checkpoint.fingerprint
    build_upload_folder(catalog, tmp_path / "run", "owner/repo", tmp_path / "staged")
    assert tomllib.loads((tmp_path / "staged" / "recipe.toml").read_text("utf-8"))["dataset"]
    assert r"caf\udce9.txt" in (tmp_path / "staged" / "README.md").read_text("utf-8")


def test_missing_weights_are_named(catalog: Catalog, trained: Path) -> None:
    (trained / "model.safetensors").unlink()
    with pytest.raises(IntegrityError, match=r"model\.safetensors is missing; copy or download"):
        read_checkpoint(catalog, trained)


def test_an_unfinished_run_loads_from_its_last_state(catalog: Catalog, trained: Path) -> None:
    (trained / "config.json").unlink()
    (trained / "model.safetensors").unlink()
    checkpoint = read_checkpoint(catalog, trained)
    assert not checkpoint.finished
    assert all_finite(checkpoint.model.state_dict())


def test_an_interrupted_run_is_not_finished(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    interrupt(Run(catalog, run_config, tmp_path), 4)
    assert {path.name for path in tmp_path.iterdir()} == FILES
    assert not read_checkpoint(catalog, tmp_path).finished


def test_a_checkpoint_is_not_overwritten(trained: Path, tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="already; choose another, or remove it"):
        check_no_checkpoint(trained)
    (trained / "config.json").unlink()
    with pytest.raises(TargetError, match="holds a checkpoint already"):
        check_no_checkpoint(trained)
    check_no_checkpoint(tmp_path / "new")


def test_an_overwritten_checkpoint_loads_until_the_new_one_has_begun(
    catalog: Catalog, run_config: RunConfig, trained: Path
) -> None:
    (trained / "notes.txt").write_text("mine")
    before = read_checkpoint(catalog, trained)
    prepare_overwrite(trained)
    successor = Run(catalog, run_config, trained).events()
    assert read_checkpoint(catalog, trained).finished
    next(successor)
    assert not read_checkpoint(catalog, trained).finished
    assert before.finished
    assert (trained / "notes.txt").read_text() == "mine"


@pytest.mark.parametrize("steps", [0, 4])
def test_an_unfinished_run_is_replaced_by_a_new_one(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path, steps: int
) -> None:
    if steps:
        interrupt(Run(catalog, run_config, tmp_path), steps)
        (tmp_path / "config.json").unlink()
    else:
        next(Run(catalog, run_config, tmp_path).events())
    prepare_overwrite(tmp_path)
    other = replace(run_config, seed=run_config.seed + 1)
    next(Run(catalog, other, tmp_path).events())
    assert read_state(tmp_path).run_config.seed == other.seed


@pytest.fixture(scope="module")
def crashed(
    catalog: Catalog, run_config: RunConfig, tmp_path_factory: pytest.TempPathFactory
) -> list[Path]:
    """Copies of a run that crashed after it was resumed near its end; the last is complete."""
    folder = tmp_path_factory.mktemp("crashed")
    interrupt(Run(catalog, run_config, folder / "run"), 14)
    return crashes(
        folder / "run", folder / "copies", lambda: resume_to_end(catalog, folder / "run")
    )


@forks
def test_a_crash_at_any_moment_leaves_a_folder_that_loads(
    catalog: Catalog, crashed: list[Path]
) -> None:
    checkpoints = [read_checkpoint(catalog, copy) for copy in crashed]
    assert all(all_finite(checkpoint.model.state_dict()) for checkpoint in checkpoints)
    finished = [checkpoint.finished for checkpoint in checkpoints]
    assert finished == sorted(finished)
    assert finished[-1]
    assert not finished[0]


@forks
@pytest.mark.parametrize("share", [0.1, 0.4, 0.6, 0.8, 0.9])
def test_a_run_resumed_after_a_crash_equals_an_uninterrupted_one(
    catalog: Catalog, crashed: list[Path], trained_once: Path, tmp_path: Path, share: float
) -> None:
    copy = shutil.copytree(crashed[round(share * len(crashed))], tmp_path / "copy")
    resume_to_end(catalog, copy)
    assert contents(copy) == contents(trained_once)


@forks
def test_a_run_resumed_after_a_crash_leaves_no_stale_files(
    catalog: Catalog, crashed: list[Path], tmp_path: Path
) -> None:
    remains = (copy for copy in reversed(crashed) if list(copy.glob(".model.safetensors.*")))
    copy = shutil.copytree(next(remains), tmp_path / "copy")
    resume_to_end(catalog, copy)
    assert {path.name for path in copy.iterdir()} == FILES


@pytest.mark.parametrize("line", ['{"epoch": 1, "tr', "[1]", "1"])
def test_a_damaged_history_names_its_line(tmp_path: Path, line: str) -> None:
    (tmp_path / "history.jsonl").write_text('{"epoch": 1}\n' + line)
    with pytest.raises(IntegrityError, match=r"history.jsonl, line 2: not a JSON object; copy or"):
        read_history(tmp_path)
