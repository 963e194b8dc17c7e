"""The runs of a sweep as a table, and why some failed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from zoo_cli.terminal.sweep_table import failure_lines, name_cells
from zoo_core.sweeps.run_states import SweepRun


def _run(seed: int, settings: dict[str, Any], reason: str = "") -> SweepRun:
    return SweepRun(
        name=f"seed={seed}",
        path=Path(f"seed={seed}"),
        model="m",
        recipe="",
        dataset="d",
        label="",
        seed=seed,
        settings=settings,
        state="failed" if reason else "finished",
        reason=reason,
        metrics={},
    )


def test_a_reason_that_many_runs_share_is_one_line() -> None:
    runs = [_run(seed, {}, "no data") for seed in range(5)] + [_run(5, {}, "a\nb"), _run(6, {})]
    assert list(failure_lines(runs)) == [
        "seed=0, seed=1, seed=2 and 2 more failed: no data",
        r"seed=5 failed: a\nb",
    ]


def test_settings_have_a_column_each_and_a_blank_where_a_run_lacks_one() -> None:
    runs = [_run(0, {"model.hidden_size": 3}), _run(1, {"trainer.patience": None})]
    assert name_cells(runs) == [
        ["seed", "hidden-size", "patience"],
        ["0", "3", ""],
        ["1", "", "none"],
    ]
