"""Fixtures of the contracts: recipes that are trained once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import pytest

from zoo_core.runtime.checkpoints.checkpoint import Checkpoint

TrainHello = Callable[[str, int], Checkpoint]
"""Trains a hello recipe with a seed, once; tests must not change the checkpoint."""


@pytest.fixture(scope="session")
def train_hello(tmp_path_factory: pytest.TempPathFactory) -> TrainHello:
    """``train_hello("lstm-embed.hello", 0)``: the checkpoint of a recipe and a seed."""
    import zoo_core

    @cache
    def train(name: str, seed: int) -> Checkpoint:
        return zoo_core.train(name, tmp_path_factory.mktemp("hello") / "run", seed=seed, threads=1)

    return train
