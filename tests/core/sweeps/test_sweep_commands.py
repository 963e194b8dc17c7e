"""The commands of a batch scheduler: new runs are trained, begun ones are resumed."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from tests.core.sweeps.conftest import Ask
from zoo_core.plugins.catalog import Catalog
from zoo_core.sweeps.commands import run_command
from zoo_core.sweeps.run_states import State, run_state


@pytest.mark.parametrize(
    ("state", "verb"),
    [
        ("missing", "train"),
        ("failed", "train"),
        ("interrupted", "resume"),
        ("unfinished", "resume"),
    ],
)
def test_a_run_with_a_saved_state_is_resumed(
    ask: Ask, catalog: Catalog, tmp_path: Path, state: State, verb: str
) -> None:
    (run,) = ask().runs(0)
    found = replace(run_state(tmp_path, run), state=state)
    words = shlex.split(run_command(catalog, tmp_path, run, found, ["csv"]))
    assert words[:2] == ["zoo", verb]
    assert str(tmp_path / "seed=0") in words
    assert words[words.index("--logger") + 1] == "csv"


def test_a_run_that_extends_the_vocabulary_says_so(
    ask: Ask, catalog: Catalog, tmp_path: Path
) -> None:
    question = ask(seeds=(5,))
    base = replace(question.base, source="dir:/a", unknown="skip", threads=2)
    (run,) = replace(question, base=base, extends_vocabulary=True).runs(2)
    words = shlex.split(run_command(catalog, tmp_path, run, run_state(tmp_path, run)))
    assert "--extend-vocabulary" in words
    for option, value in (
        ("--from", "dir:/a"),
        ("--unknown", "skip"),
        ("--threads", "2"),
        ("--seed", "5"),
    ):
        assert words[words.index(option) + 1] == value
    (other,) = question.runs(0)
    command = run_command(catalog, tmp_path, other, run_state(tmp_path, other))
    assert "--extend-vocabulary" not in command
