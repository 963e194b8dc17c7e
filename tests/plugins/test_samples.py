"""What the model writes while it trains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.runs import contents, small_plan, train
from zoo_core.errors import DataError
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import EpochEnded

TEXT = "abc " * 100


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text"
    path.write_text(TEXT)
    return path


def ended(catalog: Catalog, folder: Path, text: Path, **trainer: Any) -> Iterator[EpochEnded]:
    """The epochs of a small run."""
    run_config = small_plan(catalog, text, trainer={"epochs": 4} | trainer)
    return (
        each for each in Run(catalog, run_config, folder).events() if isinstance(each, EpochEnded)
    )


def test_every_so_many_epochs_the_prompt_is_gone_on_from(
    catalog: Catalog, tmp_path: Path, text: Path
) -> None:
    epochs = ended(catalog, tmp_path / "run", text, prompt="abc a", prompt_every=2)
    samples = [each.sample for each in epochs]
    assert [len(each) for each in samples] == [0, 55, 0, 55]
    assert samples[3].startswith("abc a")


def test_the_likeliest_symbols_follow(catalog: Catalog, tmp_path: Path, text: Path) -> None:
    how = {"prompt": "abc ", "prompt_every": 20, "epochs": 20, "learning_rate": 0.03}
    *_, last = ended(catalog, tmp_path / "run", text, **how)
    assert last.sample == "abc " + (TEXT * 2)[:50]


def test_a_prompt_changes_nothing_of_the_training(
    catalog: Catalog, tmp_path: Path, text: Path
) -> None:
    for name, trainer in (("with", {"prompt": "abc", "prompt_every": 1}), ("without", {})):
        train(catalog, small_plan(catalog, text, trainer=trainer), tmp_path / name)
    ours, plain = contents(tmp_path / "with"), contents(tmp_path / "without")
    assert ours["model.safetensors"] == plain["model.safetensors"]
    assert ours["history.jsonl"] == plain["history.jsonl"]


def test_a_prompt_that_cannot_be_read_is_refused_before_training(
    catalog: Catalog, tmp_path: Path, text: Path
) -> None:
    run_config = small_plan(catalog, text, trainer={"prompt": "abcx"})
    with pytest.raises(DataError, match="'x'"):
        Run(catalog, run_config, tmp_path / "run")
    assert not (tmp_path / "run").exists()
