"""A small trained translation, which the tests of this package share."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import zoo
from zoo_seq2seq.samples import PAIRS

__all__ = ["SETTINGS", "small", "zoo"]
SETTINGS: dict[str, dict[str, Any]] = {
    "model": {"hidden_size": 8, "embedding_size": 8, "num_layers": 2, "dropout": 0.1},
    "dataset": {"path": str(PAIRS), "lowercase": True, "validation": 0.2, "test": 0.0},
    "trainer": {"epochs": 2, "batch_size": 16, "learning_rate": 0.01},
}


@pytest.fixture(scope="session")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of ``seq2seq-attention`` on the sample pairs, which tests must not change."""
    from zoo_core import train

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ZOO_HOME", str(tmp_path_factory.mktemp("home")))
        folder = tmp_path_factory.mktemp("small") / "run"
        arguments: dict[str, Any] = {"dataset": "translation-pairs", "settings": SETTINGS}
        return train("seq2seq-attention", folder, threads=1, **arguments).folder
