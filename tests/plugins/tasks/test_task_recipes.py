"""What the recipes of the tasks reach."""

from __future__ import annotations

from pathlib import Path

import pytest

import zoo_core

REACHED = {
    "deltanet.parity-negative": ("exact_match", 1.0, 1.0),
    "s6.parity-negative": ("exact_match", 0.95, 0.5),
    "slstm.parity": ("exact_match", 1.0, 0.99),
    "gru-embed.copy-memory": ("exact_match", 0.8, 0.7),
    "gru-embed.selective-copy": ("exact_match", 0.99, 0.99),
    "gru-embed.recall": ("exact_match", 0.98, 0.98),
    "lstm-embed.a-n-b-n": ("exact_match", 0.99, 0.5),
    "lstm-embed.dyck": ("exact_match", 0.95, 0.5),
    "lstm-embed.modular-arithmetic": ("exact_match", 0.95, 0.5),
    "lstm-embed.parity": ("exact_match", 1.0, 1.0),
    "lstm-embed.permutations": ("exact_match", 0.99, 0.99),
}
"""A metric of each recipe, and what it is at least on validation and on test."""


@pytest.mark.slow
@pytest.mark.parametrize("recipe", REACHED)
def test_a_recipe_learns_its_task(recipe: str, tmp_path: Path) -> None:
    zoo_core.train(recipe, tmp_path / "run")
    metrics = zoo_core.load(tmp_path / "run").metrics
    metric, validation, test = REACHED[recipe]
    assert metrics["validation"][metric] >= validation
    assert metrics["test"][metric] >= test


@pytest.mark.slow
def test_adding_is_learned_at_the_length_of_training(tmp_path: Path) -> None:
    zoo_core.train("gru-stacked.adding", tmp_path / "run")
    assert zoo_core.load(tmp_path / "run").metrics["validation"]["loss"] < 0.002
