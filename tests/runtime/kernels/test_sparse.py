"""Sparse embeddings: trained by the optimizers that can, refused before training by the others."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

from tests.runtime.runs import small_run_config, train
from zoo_core.errors import MisfitError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.checkpoints.tensors import read_tensors
from zoo_core.runtime.run import Run

FITTING: dict[str, Any] = {"clip_norm": "none", "schedule": "none"}


def sparse_plan(catalog: Catalog, path: Path, sparse: bool = True, **trainer: Any) -> RunConfig:
    """A small run with sparse embeddings."""
    settings = FITTING | trainer
    return small_run_config(catalog, path, model={"sparse": sparse}, trainer=settings)


@pytest.mark.parametrize(
    ("trainer", "message"),
    [
        ({"optimizer": "Adam"}, "trainer.optimizer = 'Adam'"),
        ({"optimizer": "RMSprop"}, "trainer.optimizer = 'RMSprop'"),
        ({"optimizer": "SGD", "momentum": 0.9}, "trainer.momentum = 0.9"),
        ({"optimizer": "Adagrad", "weight_decay": 0.1}, "trainer.weight_decay = 0.1"),
        ({"optimizer": "SGD", "clip_norm": 1.0}, "trainer.clip_norm = 1.0"),
    ],
)
def test_settings_that_exclude_sparse_gradients_are_refused_before_training(
    catalog: Catalog, text_file: Path, tmp_path: Path, trainer: dict[str, Any], message: str
) -> None:
    run_config = sparse_plan(catalog, text_file, **trainer)
    with pytest.raises(
        MisfitError, match=f"model.sparse = true does not go with {message}: choose"
    ):
        Run(catalog, run_config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("optimizer", ["SGD", "Adagrad"])
def test_sparse_gradients_train_as_dense_ones(
    catalog: Catalog, text_file: Path, tmp_path: Path, optimizer: str
) -> None:
    for sparse in (True, False):
        run_config = sparse_plan(catalog, text_file, sparse, optimizer=optimizer)
        train(catalog, run_config, tmp_path / str(sparse))
    ours, dense = (
        read_tensors(tmp_path / sparse / "model.safetensors") for sparse in ("True", "False")
    )
    torch.testing.assert_close(ours, dense, rtol=0, atol=1e-5)
