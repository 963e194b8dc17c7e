"""``zoo_core.train`` and ``resume``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import zoo_core
from zoo_core.errors import (
    ConfigError,
    NotFoundError,
    TargetError,
)
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.training.events import Event, Finished, Started

HELLO: dict[str, Any] = {"seed": 0, "device": "cpu", "threads": 1}


def test_a_progress_callback_gets_the_events(tmp_path: Path) -> None:
    events: list[Event] = []
    settings = {"trainer": {"epochs": 2}}
    zoo_core.train("rnn-cell.hello", tmp_path / "x", settings=settings, listen=events.append)
    assert [type(event) for event in events].count(Started) == 1
    assert isinstance(events[-1], Finished)


def test_settings_beat_the_recipe(tmp_path: Path) -> None:
    settings = {"model": {"hidden_size": 3}, "trainer": {"epochs": 1}}
    checkpoint = zoo_core.train("gru-manual", tmp_path / "x", settings=settings, **HELLO)
    assert checkpoint.model.state_dict()["recurrent.weight_hh_l0"].shape == (9, 3)
    assert checkpoint.run_config.recipe == "gru-manual.hello"


def test_training_takes_another_dataset_and_trainer(tmp_path: Path, text_file: Path) -> None:
    settings = {
        "dataset": {"path": text_file, "steps": 8},
        "trainer": {"epochs": 1, "batch_size": 2},
        "model": {"hidden_size": 4},
    }
    how: dict[str, Any] = {"dataset": "text", "trainer": "next-token", "settings": settings}
    checkpoint = zoo_core.train("rnn-stacked", tmp_path / "x", **how, **HELLO)
    assert (checkpoint.run_config.dataset, checkpoint.run_config.trainer) == ("text", "next-token")
    assert checkpoint.run_config.recipe == ""


def test_training_overwrites_no_checkpoint(hello_checkpoint: Checkpoint) -> None:
    before = (hello_checkpoint.folder / "config.json").read_bytes()
    with pytest.raises(TargetError, match="holds a checkpoint already"):
        zoo_core.train("lstm-embed.hello", hello_checkpoint.folder, **HELLO)
    assert (hello_checkpoint.folder / "config.json").read_bytes() == before


def test_an_invalid_setting_is_refused_before_a_folder_is_made(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"model\.hiden_size: no such setting"):
        zoo_core.train("lstm-embed", tmp_path / "x", settings={"model": {"hiden_size": 3}})
    assert not (tmp_path / "x").exists()


def test_a_run_is_resumed_with_more_epochs(tmp_path: Path) -> None:
    settings = {"trainer": {"epochs": 2}}
    zoo_core.train("rnn-cell.hello", tmp_path / "run", settings=settings, **HELLO)
    events: list[Event] = []
    checkpoint = zoo_core.resume(tmp_path / "run", epochs=3, listen=events.append)
    assert checkpoint.run_config.configs["trainer"]["epochs"] == 3
    assert isinstance(events[-1], Finished)
    with pytest.raises(NotFoundError, match="no run to resume"):
        zoo_core.resume(tmp_path / "nothing")
