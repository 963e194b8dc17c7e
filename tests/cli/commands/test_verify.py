"""``zoo verify`` and ``zoo diff``."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.cli.command import Zoo
from zoo_core.runtime.checkpoints import verification
from zoo_core.runtime.checkpoints.tensors import read_tensors, to_bytes
from zoo_core.runtime.training.evaluation import evaluate


def verdicts(zoo: Zoo, folder: Path) -> dict[str, str]:
    """The verdict of every check."""
    return {row["what"]: row["verdict"] for row in zoo("verify", folder, "--json").json}


def rewrite_manifest(folder: Path, **change: object) -> None:
    """Changes fields of the manifest."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | change))


def test_an_intact_checkpoint_passes_every_check(zoo: Zoo, hello: Path) -> None:
    result = zoo("verify", hello)
    assert result.code == 0
    assert verdicts(zoo, hello) == dict.fromkeys(
        ["manifest", "files", "model", "numbers", "metrics (train)"], "ok"
    )


def test_held_out_splits_are_measured_again(zoo: Zoo, prose: Path) -> None:
    checks = verdicts(zoo, prose)
    assert checks["metrics (validation)"] == checks["metrics (test)"] == "ok"
    assert "metrics (train)" not in checks


def test_weights_of_another_hash_are_exit_4(zoo: Zoo, hello: Path) -> None:
    weights = hello / "model.safetensors"
    data = bytearray(weights.read_bytes())
    data[-1] ^= 1
    weights.write_bytes(data)
    result = zoo("verify", hello)
    assert result.code == 4
    assert "the manifest says" in result.stderr


def test_a_metric_that_cannot_be_reproduced_is_exit_4(zoo: Zoo, hello: Path) -> None:
    rewrite_manifest(hello, metrics={"train": {"loss": 0.001, "accuracy": 1.0}})
    result = zoo("verify", hello)
    assert result.code == 4
    assert "metrics (train): loss was 0.001, is 0.00" in result.stderr


def test_a_checkpoint_without_metrics_passes(zoo: Zoo, hello: Path) -> None:
    rewrite_manifest(hello, metrics={}, status="interrupted")
    result = zoo("verify", hello, "--json")
    assert result.code == 0
    assert result.json[-1] == {"what": "metrics", "verdict": "skipped", "said": "it states none"}


def test_metrics_are_measured_again_in_the_precision_of_the_run(
    zoo: Zoo, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    precisions = []

    def record(*arguments: Any, precision: str) -> dict[str, float]:
        precisions.append(precision)
        return evaluate(*arguments, precision=precision)

    monkeypatch.setattr(verification, "evaluate", record)
    folder = tmp_path / "half"
    half = ["--precision", "bf16", "--trainer.epochs", 3]
    assert zoo("train", "lstm-embed", *half, "--out", folder).code == 0
    assert verdicts(zoo, folder)["metrics (train)"] == "ok"
    assert precisions == ["bf16"]
    rewrite_manifest(folder, precision="fp32")
    verdicts(zoo, folder)
    assert precisions == ["bf16", "fp32"]


def test_metrics_are_skipped_if_the_data_has_changed(zoo: Zoo, hello: Path) -> None:
    rewrite_manifest(hello, fingerprint="0" * 64)
    assert zoo("verify", hello).code == 0
    assert verdicts(zoo, hello)["metrics"] == "skipped"


def test_metrics_are_skipped_if_the_data_is_missing(zoo: Zoo, prose: Path, text_file: Path) -> None:
    text_file.unlink()
    result = zoo("verify", prose)
    assert result.code == 0
    assert "cannot read" in result.stdout


def test_weights_that_do_not_fit_the_config_are_exit_4(zoo: Zoo, hello: Path) -> None:
    manifest = json.loads((hello / "config.json").read_text())
    manifest["configs"]["model"]["hidden_size"] = 5
    rewrite_manifest(hello, configs=manifest["configs"])
    result = zoo("verify", hello)
    assert result.code == 4
    assert "do not fit" in result.stderr


def test_a_checkpoint_of_a_missing_plugin_is_exit_7_as_for_predict(zoo: Zoo, hello: Path) -> None:
    plugins = json.loads((hello / "config.json").read_text())["plugins"]
    rewrite_manifest(hello, model="owl", plugins=plugins | {"model": "zoo-plugin-owl"})
    result = zoo("verify", hello)
    assert result.code == zoo("predict", hello, "hello").code == 7
    assert "zoo plugins install zoo-plugin-owl" in result.stderr


def test_an_unfinished_run_is_exit_6(zoo: Zoo, hello: Path) -> None:
    (hello / "config.json").unlink()
    (hello / "state").mkdir(exist_ok=True)
    (hello / "state" / "CURRENT").write_text("1\n")
    result = zoo("verify", hello)
    assert result.code == 6
    assert f"{hello} is unfinished: zoo resume {hello}" in result.stderr


def test_a_folder_without_a_checkpoint_is_exit_3(zoo: Zoo, tmp_path: Path) -> None:
    result = zoo("verify", tmp_path)
    assert (result.code, "no checkpoint in" in result.stderr) == (3, True)


def test_diff_of_two_runs_of_a_recipe_is_empty(zoo: Zoo, hello: Path, tmp_path: Path) -> None:
    assert zoo("train", "lstm-embed", "--out", tmp_path / "again").code == 0
    result = zoo("diff", hello, tmp_path / "again", "--json")
    assert result.json == []
    assert "no difference" in zoo("diff", hello, tmp_path / "again").stderr


@pytest.mark.parametrize("flag", ["--seed", "--model.hidden-size"])
def test_diff_names_every_difference(zoo: Zoo, hello: Path, tmp_path: Path, flag: str) -> None:
    assert zoo("train", "lstm-embed", flag, 7, "--out", tmp_path / "other").code == 0
    rows = {row["what"]: row for row in zoo("diff", hello, tmp_path / "other", "--json").json}
    setting = {"--seed": "seed", "--model.hidden-size": "configs.model.hidden_size"}[flag]
    assert rows[setting]["second"] == "7"
    assert "weights.recurrent.weight_hh_l0" in rows
    assert "versions.torch" not in rows


def test_diff_compares_weights_by_tensor(zoo: Zoo, hello: Path, tmp_path: Path) -> None:
    weights = read_tensors(hello / "model.safetensors")
    changed = weights | {"output.bias": weights["output.bias"] + torch.tensor([0, 0, 0.5, 0])}
    other = tmp_path / "other"
    other.mkdir()
    data = to_bytes(changed)
    (other / "model.safetensors").write_bytes(data)
    (other / "config.json").write_bytes((hello / "config.json").read_bytes())
    record = {"file": "model.safetensors", "size": len(data)}
    rewrite_manifest(other, weights=record | {"sha256": hashlib.sha256(data).hexdigest()})
    (row,) = zoo("diff", hello, other, "--json").json
    assert row["what"] == "weights.output.bias"
    assert "at most 0.5 apart, 0.125 on average" in row["second"]
