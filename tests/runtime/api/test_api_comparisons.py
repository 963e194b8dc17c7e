"""``zoo_core.compare``."""

from __future__ import annotations

from pathlib import Path

import pytest

import zoo_core
from tests.runtime.sweeps.in_process import InProcessEngine
from zoo_core.errors import NotFoundError


def test_compare_trains_what_is_missing_and_returns_a_table(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("zoo_core.runtime.comparisons.contest.LocalEngine", InProcessEngine)
    comparison = zoo_core.compare(
        ["rnn-embed", "gru-embed"], seeds=[0, 1], epochs=2, threads=1, out=tmp_path / "out"
    )
    assert [row["seeds"] for row in comparison.table] == ["0 1", "0 1"]
    assert (tmp_path / "out" / "comparison.csv").is_file()
    assert zoo_core.compare(["rnn-embed", "gru-embed"]).has_times is False


def test_a_metric_that_no_run_will_have_is_refused_before_anything_is_trained(
    isolation: Path,
) -> None:
    with pytest.raises(NotFoundError, match=r"rnn-embed on hello has no metric 'acuracy'; did you"):
        zoo_core.compare(["rnn-embed"], seeds=[0], epochs=2, metric="acuracy")
    assert not (isolation / "comparisons").exists()
