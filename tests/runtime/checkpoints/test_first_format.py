"""Checkpoints and states of the first format, which have no ``outputs``, are read unchanged."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file

import zoo_core
from zoo_core import Classes, Objective, Signature, Tokens, Vocabulary
from zoo_core.plugins.catalog import load_catalog
from zoo_core.run_folder.manifest import MANIFEST, WEIGHTS, read_manifest
from zoo_core.runtime.building.build import make_model
from zoo_core.runtime.checkpoints.resume_states import current_state, read_state
from zoo_core.runtime.nn.batch import Batch

PLUGINS = Path(__file__).parents[3] / "plugins"
SHIPPED = sorted(
    path.parent
    for path in PLUGINS.glob("*/src/*/checkpoints/*/config.json")
    if json.loads(path.read_bytes())["format"] == 1
)
PREDICTIONS = {
    "gru-embed.python-docs": "he ",
    "lstm-embed.python-docs": "yur",
    "rnn-embed.python-docs": "ye ",
}
"""What the checkpoints of ``python-docs`` predicted when they were made; the others: ohlol."""


@pytest.mark.parametrize("folder", SHIPPED, ids=lambda folder: folder.name)
def test_a_shipped_checkpoint_predicts_as_when_it_was_made(folder: Path) -> None:
    values: dict[str, Any] = json.loads((folder / MANIFEST).read_bytes())
    old = values["signature"]
    assert (values["format"], "outputs" in old) == (1, False)
    checkpoint = zoo_core.load(folder)
    assert checkpoint.signature == Signature(
        inputs=Tokens(old["inputs"]["size"]),
        outputs=Classes(old["classes"], per=old["per"], next_token=old["next_symbol"]),
        vocabulary=Vocabulary(tuple(old["vocabulary"])),
    )
    predicted = zoo_core.predict(checkpoint, checkpoint.dataset.example)
    assert predicted == PREDICTIONS.get(folder.name, "ohlol")
    catalog = load_catalog()
    by_hand = make_model(
        catalog, replace(checkpoint.run_config, backend="auto"), checkpoint.signature
    )
    by_hand.load_state_dict(load_file(folder / WEIGHTS))
    tokens = torch.arange(old["inputs"]["size"]).unsqueeze(0)
    with torch.no_grad():
        logits = by_hand.eval()(Batch(tokens)).logits
        assert torch.equal(checkpoint.model(Batch(tokens)).logits, logits)


@pytest.mark.parametrize("folder", SHIPPED[:1], ids=lambda folder: folder.name)
def test_a_manifest_of_the_first_format_has_the_metrics_of_its_time(folder: Path) -> None:
    manifest = read_manifest(folder)
    assert manifest.objective == Objective()
    assert manifest.objective.metric == "loss"
    assert manifest.objective.higher_is_better("accuracy")
    again = json.loads(manifest.to_bytes())
    assert again["format"] == 2
    assert again["signature"]["outputs"]["kind"] == "classes"


def test_a_state_of_the_first_format_is_read(hello: Path, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    shutil.copytree(hello, folder)
    saved = read_state(folder)
    path = current_state(folder) / "values.json"
    values = json.loads(path.read_bytes())
    outputs = values["signature"].pop("outputs")
    del values["signature"]["context"]
    values["signature"] |= {
        "classes": outputs["size"],
        "per": outputs["per"],
        "next_symbol": outputs["next_token"],
    }
    position = values["snapshot"]["position"]
    position["best_loss"] = position.pop("best_value")
    position["totals"] = {"loss": 0.0, "correct": 0, "targets": 0}
    path.write_text(json.dumps(values))
    read = read_state(folder)
    assert read.signature == saved.signature
    assert read.loop_state.progress.best_value == saved.loop_state.progress.best_value
