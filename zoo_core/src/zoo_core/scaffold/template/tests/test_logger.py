# [logger]
"""The logger, in a run that ends early and one that goes on."""

from __future__ import annotations

from pathlib import Path

import zoo_core


def test_every_epoch_is_logged_once(tmp_path: Path) -> None:
    settings = {"trainer": {"epochs": 2}}
    zoo_core.train("rnn-cell", tmp_path / "run", settings=settings, loggers=["quokka"])
    zoo_core.resume(tmp_path / "run", epochs=3)
    lines = (tmp_path / "run" / "logs" / "quokka" / "losses.txt").read_text("utf-8").splitlines()
    assert [line.split()[0] for line in lines] == ["1", "2", "3"]


# [end]
