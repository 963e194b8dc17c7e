"""``zoo_core.evaluate``."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

import zoo_core
from zoo_core.errors import (
    ConfigError,
    NotFoundError,
)
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint


def test_an_evaluation_measures_the_model_that_was_trained_further(trained_once: Path) -> None:
    prose = zoo_core.load(trained_once)
    before = zoo_core.evaluate(prose, "test")["test"]["loss"]
    with torch.no_grad():
        prose.model.get_parameter("output.bias").normal_(std=5.0)
    assert zoo_core.evaluate(prose, "test")["test"]["loss"] > before + 0.1
    assert zoo_core.evaluate(zoo_core.load(trained_once), "test")["test"]["loss"] == before


def test_an_evaluation_repeats_the_metrics_or_measures_other_data(
    prose: Checkpoint, tmp_path: Path
) -> None:
    measured = zoo_core.evaluate(prose)
    assert measured == {split: prose.metrics[split] for split in ("validation", "test")}
    assert zoo_core.evaluate(prose, "test").keys() == {"test"}
    other = tmp_path / "other.txt"
    other.write_text("the lazy fox " * 40)
    settings = {"dataset": {"path": other}}
    assert zoo_core.evaluate(prose, "test", settings=settings)["test"] != measured["test"]
    with pytest.raises(ConfigError, match="model: an evaluation has settings of the dataset alone"):
        zoo_core.evaluate(prose, settings={"model": {}})
    with pytest.raises(NotFoundError, match="no split 'dev' in text; there are train, validation"):
        zoo_core.evaluate(prose, "dev")
