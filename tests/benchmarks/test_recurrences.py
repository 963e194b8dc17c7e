"""The benchmark of modern recurrences, on small sizes, and its tables."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch

from benchmarks import recurrences
from benchmarks.turns import MAX_SECONDS, take_turns
from docs import recurrence_tables
from zoo_core.plugins.catalog import Catalog


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sizes that take an instant."""
    for name, value in {
        "WIDTH": 8,
        "SYMBOLS": 5,
        "TOKENS": 12,
        "QUICK_STEPS": (3, 24),
        "QUICK_CONTEXTS": (2, 5),
        "GENERATED": 3,
        "QUICK_SCAN_SHAPES": ((2, 5),),
        "QUICK_SECONDS": 0.0,
        "SCANS": {"float32": (torch.float32, 4)},
    }.items():
        monkeypatch.setattr(recurrences, name, value)
    monkeypatch.setattr(recurrences, "missing", lambda group: list(group.modules))


@pytest.mark.gate
@pytest.mark.usefixtures("small")
def test_every_part_measures_the_zoo_the_loop_and_the_lstm(catalog: Catalog) -> None:
    rows = list(recurrences.training(catalog, ("mingru", "mgu"), quick=True))
    measured = {(row["model"], row["steps"], row["rows"], row["implementation"]) for row in rows}
    shapes = [(3, 4), (24, 1)]
    assert measured == {
        *(
            ("mingru", *shape, name)
            for shape in shapes
            for name in ("zoo", "plain loop", "LSTM 256")
        ),
        *(("mgu", *shape, name) for shape in shapes for name in ("zoo", "LSTM 256")),
    }
    assert all(len(row["seconds"]) == recurrences.QUICK_ROUNDS for row in rows)
    assert {row["backend"] for row in rows if row["model"] == "mgu"} >= {"reference"}
    generated = list(recurrences.generation(catalog, ("mingru",), quick=True))
    assert [(row["context"], row["implementation"]) for row in generated] == [
        (context, name) for context in (2, 5) for name in ("zoo", "LSTM 256")
    ]
    scans = {row["implementation"] for row in recurrences.bandwidth(catalog, (), quick=True)}
    assert {"addition", "linear-scan"} <= scans


def test_the_tables_show_ratios_of_what_was_measured(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    row = {"model": "mingru", "steps": 64, "rows": 2, "parameters": 7, "megabytes": 3.0}
    training = [
        row | {"implementation": name, "backend": "native", "seconds": seconds}
        for name, seconds in {
            "zoo": [0.5, 0.25],
            "plain loop": [1.0, 1.0],
            "LSTM 256": [0.25, 0.125],
            "a-library": [30.0],
        }.items()
    ]
    part = {"date": "2026-01-02T03:04:05", "quick": False, "machine": {"processor": "one"}}
    results = {"training": part | {"rows": training}}
    monkeypatch.setattr(recurrence_tables, "RESULTS", tmp_path / "recurrences.json")
    recurrence_tables.RESULTS.write_text(json.dumps(results), "utf-8")
    assert "| `mingru` | native | 341 (3 ×) |" in recurrence_tables.training_table()
    assert "| `mingru` | native | 0.5 × |" in recurrence_tables.baseline_table()
    assert "| `mingru` | native | 3 (3) |" in recurrence_tables.memory_table()
    peers = recurrence_tables.peers_table()
    assert "| `mingru` | a-library | 7 | 7 | 80 × |" in peers
    assert peers.endswith("Measured; one; 2026-01-02.")


def test_a_step_is_measured_by_turns_with_the_memory_that_it_adds() -> None:
    kept = []

    def work() -> None:
        kept.append(torch.ones(1 << 22))
        kept.clear()

    taken = take_turns({"one": work, "nothing": lambda: None}, rounds=2, seconds=0.001)
    assert [len(steps.seconds) for steps in taken.values()] == [2, 2]
    assert 15 < taken["one"].megabytes < 30
    assert taken["nothing"].megabytes < 5


def test_a_step_that_takes_long_is_measured_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.turns.MAX_SECONDS", -1.0)
    assert MAX_SECONDS > 0
    taken = take_turns({"one": lambda: None}, rounds=2, seconds=0.001)
    assert len(taken["one"].seconds) == 1
