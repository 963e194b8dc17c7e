"""Contests: what every model is trained with, and into which folder."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_core.errors import ConfigError, MisfitError, NotFoundError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.manifest import WEIGHTS
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building import build
from zoo_core.runtime.comparisons.contest import NO_END, Budget, Contest, expand, is_trained

MODELS = ("rnn-embed", "gru-embed")


def folder(catalog: Catalog, *models: str, **changes: Any) -> str:
    """Returns the name of the folder of a contest."""
    contest = Contest(**changes)
    return contest.folder(contest.questions(catalog, models or MODELS)).name


def test_every_model_has_the_same_budget(catalog: Catalog) -> None:
    contest = Contest(dataset="python-docs", budget=Budget(tokens=1000), seeds=(4, 5))
    first, second = contest.questions(catalog, MODELS)
    assert (first.label, second.label) == ("model=rnn-embed", "model=gru-embed")
    for question in (first, second):
        assert question.base.token_budget == 1000
        assert question.base.configs["trainer"]["epochs"] == NO_END
        assert question.grids[0].seeds == (4, 5)


def test_a_budget_of_epochs_sets_the_epochs(catalog: Catalog) -> None:
    (question,) = Contest(budget=Budget(epochs=3)).questions(catalog, ["lstm-embed.python-docs"])
    assert question.base.configs["trainer"]["epochs"] == 3
    assert question.base.configs["trainer"]["schedule"] == "OneCycleLR"


def test_epochs_that_are_set_stay_whatever_the_budget(catalog: Catalog) -> None:
    contest = Contest(
        dataset="python-docs", budget=Budget(tokens=1000), settings={"trainer": {"epochs": 7}}
    )
    for question in contest.questions(catalog, MODELS):
        assert question.base.token_budget == 1000
        assert question.base.configs["trainer"]["epochs"] == 7


def test_a_schedule_keeps_its_epochs_and_is_named(
    catalog: Catalog, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "zoo_core"):
        (question,) = Contest(budget=Budget(seconds=9)).questions(
            catalog, ["lstm-embed.python-docs"]
        )
    assert question.base.configs["trainer"]["epochs"] == 6
    assert "has the schedule OneCycleLR over 6 epochs, which a budget cuts" in caplog.text


def test_two_budgets_are_refused() -> None:
    with pytest.raises(ConfigError, match="seconds and of tokens: choose one"):
        Budget(seconds=1, tokens=1)


def test_models_of_different_datasets_are_refused_before_training(catalog: Catalog) -> None:
    with pytest.raises(MisfitError, match=r"on hello and .* on names: name one"):
        Contest().questions(catalog, ["rnn-embed", "gru-embed.names"])


def test_more_models_and_seeds_keep_the_folder_and_another_budget_does_not(
    catalog: Catalog,
) -> None:
    name = folder(catalog)
    assert name.startswith("hello-")
    assert folder(catalog, "lstm-embed", *MODELS, seeds=(7,)) == name
    assert folder(catalog, budget=Budget(epochs=2)) != name
    assert folder(catalog, settings={"model": {"hidden_size": 9}}) != name


def test_a_wrong_setting_or_name_is_refused(catalog: Catalog) -> None:
    with pytest.raises(ConfigError, match="hidden_size"):
        Contest(settings={"model": {"hidden_size": -1}}).questions(catalog, MODELS)
    with pytest.raises(NotFoundError, match="gru-embed"):
        Contest().questions(catalog, ["gru-embd"])


def test_models_and_recipes_are_trained_and_folders_are_not(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "foxes").mkdir()
    assert is_trained(catalog, "lstm-embed")
    assert is_trained(catalog, "zoo-lstm:lstm-embed.hello")
    assert not is_trained(catalog, "./lstm-embed")
    assert not is_trained(catalog, "hub:owner/repo")
    assert not is_trained(catalog, "foxes")
    assert is_trained(catalog, "gru-embd"), "it is mistyped, and resolving it says so"


def test_a_pattern_stands_for_recipes(catalog: Catalog) -> None:
    names = expand(catalog, ["lstm-*.hello", "gru-embed", "./a*"])
    recipes = ["lstm-embed.hello", "lstm-manual.hello", "lstm-stacked.hello"]
    assert names == [*recipes, "gru-embed", "./a*"]


def test_the_data_that_all_models_have_is_read_once_for_their_metrics(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []

    def make_dataset(catalog: Catalog, run_config: RunConfig, vocabulary: None) -> Any:
        read.append(run_config.model)
        return original(catalog, run_config, vocabulary)

    original = build.make_dataset
    monkeypatch.setattr(build, "make_dataset", make_dataset)
    Contest().training(catalog, MODELS).check_metric("accuracy")
    assert read == ["rnn-embed"]
    with pytest.raises(NotFoundError, match=r"^rnn-embed on hello has no metric 'acuracy'"):
        Contest().training(catalog, MODELS).check_metric("acuracy")


def test_a_trainer_that_fails_is_left_to_its_run(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    def make_trainer(*arguments: object) -> Any:
        raise ValueError("a bug of a plugin")

    monkeypatch.setattr(build, "make_trainer", make_trainer)
    Contest().training(catalog, MODELS).check_metric("accuracy")


def test_a_damaged_run_of_another_seed_refuses_no_metric(catalog: Catalog) -> None:
    models, budget = ["rnn-embed"], Budget(epochs=1)
    both = Contest(seeds=(0, 1), budget=budget).training(catalog, models, InProcessEngine())
    assert list(both.events())
    (both.runs()[1].path / WEIGHTS).write_bytes(b"damaged")
    Contest(seeds=(0,), budget=budget).training(catalog, models).check_metric("accuracy")
