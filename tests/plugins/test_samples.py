"""Text that a model writes while it trains."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.runs import contents, interrupt, resume_to_end, small_run_config, train
from zoo_core.errors import DataError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_log import read_samples
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import EpochEnded

TEXT = "abc " * 100


@pytest.fixture
def text(tmp_path: Path) -> Path:
    path = tmp_path / "text"
    path.write_text(TEXT)
    return path


def epochs(catalog: Catalog, folder: Path, text: Path, **trainer: Any) -> Iterator[EpochEnded]:
    """Yields the epochs of a small run."""
    run_config = small_run_config(catalog, text, trainer={"epochs": 4} | trainer)
    for event in Run(catalog, run_config, folder).events():
        if isinstance(event, EpochEnded):
            yield event


def test_the_model_continues_the_prompt_every_few_epochs(
    catalog: Catalog, tmp_path: Path, text: Path
) -> None:
    ended = epochs(catalog, tmp_path / "run", text, prompt="abc a", prompt_every=2)
    samples = [epoch.sample for epoch in ended]
    assert [len(sample) for sample in samples] == [0, 55, 0, 55]
    assert samples[3].startswith("abc a")


def test_the_most_likely_symbols_follow_the_prompt(
    catalog: Catalog, tmp_path: Path, text: Path
) -> None:
    trainer = {"prompt": "abc ", "prompt_every": 20, "epochs": 20, "learning_rate": 0.03}
    *_, last = epochs(catalog, tmp_path / "run", text, **trainer)
    assert last.sample == "abc " + (TEXT * 2)[:50]


def test_a_prompt_does_not_change_the_training(
    catalog: Catalog, tmp_path: Path, text: Path
) -> None:
    for name, trainer in (("with", {"prompt": "abc", "prompt_every": 1}), ("without", {})):
        train(catalog, small_run_config(catalog, text, trainer=trainer), tmp_path / name)
    prompted, plain = contents(tmp_path / "with"), contents(tmp_path / "without")
    assert prompted["model.safetensors"] == plain["model.safetensors"]
    assert prompted["history.jsonl"] == plain["history.jsonl"]


def test_an_invalid_prompt_is_an_error_before_training(
    catalog: Catalog, tmp_path: Path, text: Path
) -> None:
    run_config = small_run_config(catalog, text, trainer={"prompt": "abcx"})
    with pytest.raises(DataError, match="'x'"):
        Run(catalog, run_config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.gate
def test_samples_are_logged_once_whatever_interrupts_the_run(
    catalog: Catalog, tmp_path: Path, text: Path
) -> None:
    trainer = {"prompt": "abc", "prompt_every": 1, "epochs": 3}
    run_config = small_run_config(catalog, text, trainer=trainer)
    steps = train(catalog, run_config, tmp_path / "whole").manifest.steps
    whole = (tmp_path / "whole" / "samples.jsonl").read_bytes()
    assert [sample.epoch for sample in read_samples(tmp_path / "whole")] == [1, 2, 3]
    for step in (steps // 2, steps // 3):
        folder = tmp_path / str(step)
        interrupt(Run(catalog, run_config, folder), step)
        resume_to_end(catalog, folder)
        assert (folder / "samples.jsonl").read_bytes() == whole


def test_a_language_model_is_sampled_after_long_epochs_without_a_change_of_its_training(
    catalog: Catalog, tmp_path: Path, text: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run_config = small_run_config(catalog, text)
    train(catalog, run_config, tmp_path / "short")
    assert not (tmp_path / "short" / "samples.jsonl").exists()
    monkeypatch.setattr("zoo_core.runtime.training.loop.MIN_TARGETS", 100)
    train(catalog, run_config, tmp_path / "long")
    assert [len(sample.text) for sample in read_samples(tmp_path / "long")] == [100, 100, 100]
    assert contents(tmp_path / "long") == contents(tmp_path / "short")
