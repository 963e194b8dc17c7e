# [model]
"""Training on every recipe."""

from __future__ import annotations

from pathlib import Path

import zoo_core


def test_hello_is_learnt(tmp_path: Path) -> None:
    checkpoint = zoo_core.train("quokka.hello", tmp_path / "run")
    assert zoo_core.predict(checkpoint, "hello") == "ohlol"


# [end]
# [model&dataset]
def test_parity_is_learnt(tmp_path: Path) -> None:
    checkpoint = zoo_core.train("quokka.parity", tmp_path / "run")
    assert checkpoint.metrics["test"]["accuracy"] > 0.99
    assert zoo_core.predict(checkpoint, "01101") == "01001"


# [end]
