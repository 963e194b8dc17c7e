"""The command that compares every recurrent model names every one of them."""

from __future__ import annotations

import shlex
from pathlib import Path

from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.comparisons.contest import Budget, Contest

SCRIPT = Path(__file__).parents[2] / "benchmarks" / "recurrent_models.sh"
RUNGS_OF_WORDS = ("batch-norm", "word-loop")
"""Models whose ladder is about words, which ``docs/human-numbers.md`` compares."""
PLUGINS = ("zoo-rnn", "zoo-lstm", "zoo-gru", "zoo-scratch", "zoo-chars")


def names() -> list[str]:
    """Returns the models of the command."""
    words = shlex.split(SCRIPT.read_text("utf-8"), comments=True)
    after = words[words.index("compare") + 1 :]
    return [word for word in after[: after.index("--dataset")] if word.strip()]


def test_every_recurrent_model_that_predicts_at_each_step_takes_part(catalog: Catalog) -> None:
    entries = [entry for entry in catalog.of(ModelSpec) if entry.plugin.distribution in PLUGINS]
    specs = [entry.spec for entry in entries]
    fitting = [spec for spec in specs if "tokens" in spec.accepts and "step" in spec.per]
    expected = {spec.name for spec in fitting} - set(RUNGS_OF_WORDS)
    assert sorted(names()) == sorted(expected)


def test_every_model_can_be_trained_under_the_budget(catalog: Catalog) -> None:
    contest = Contest(
        dataset="python-docs",
        budget=Budget(seconds=60),
        settings={"model": {"hidden_size": 256}, "trainer": {"learning_rate": 0.004}},
    )
    assert len(contest.questions(catalog, names())) == len(names())
