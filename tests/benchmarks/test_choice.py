"""What the backend auto loses to the fastest one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks import choice as module
from benchmarks.benchmark import Setup
from benchmarks.choice import AUTO, Point, choice, implementations, lost_shares
from benchmarks.levels import catalog_at
from benchmarks.measurement import measurements
from benchmarks.targets import LOST, targets
from benchmarks.timing import Effort
from zoo_core.plugins.catalog import Catalog


@pytest.fixture(scope="module")
def plain() -> Catalog:
    """The installed plugins without compiled code."""
    return catalog_at("none")


def test_what_is_lost_is_the_share_of_the_fastest_backend_turn_by_turn() -> None:
    samples = {"torch": [10.0, 20.0, 40.0], "native": [8.0, 18.0, 20.0], "portable": [1.0] * 3}
    lost = lost_shares(samples, "native")
    assert lost == pytest.approx([20.0, 10.0, 50.0])
    assert lost_shares(samples, "torch") == [0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("trains", "rows", "chosen"), [(True, 2, "torch"), (False, 300, "portable")]
)
def test_the_backend_of_auto_is_measured_with_every_other_one(
    plain: Catalog, trains: bool, rows: int, chosen: str
) -> None:
    point = Point("small", "lstm-stacked", 5, rows, 3, {"hidden_size": 4}, trains)
    name, works = implementations(plain, point, "fp32")
    assert (name, list(works)) == (chosen, ["torch", "portable"])
    assert {work(2) for work in works.values()} == {2 * 3 * rows}


def test_every_size_is_measured_with_what_auto_loses_there(
    plain: Catalog,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    points = (Point("small", "gru-stacked", 5, 2, 3, {"hidden_size": 4}),)
    monkeypatch.setattr(module, "POINTS", points)
    monkeypatch.setattr(module, "multiplies_bfloat16", lambda device: False)
    rates, lost = choice(Setup(plain, tmp_path, Effort(3, 0.0), quick=True))
    speeds = {row.implementation: row.samples for row in rates}
    assert list(speeds) == ["torch", "portable", AUTO]
    assert speeds[AUTO] == speeds["portable"]
    assert [(row.case, row.implementation, row.unit) for row in lost] == [
        ("small fp32" + LOST, AUTO, "%")
    ]
    said = r"choice: auto loses \d+\.\d % at most, at small fp32, where it takes portable\n"
    assert re.fullmatch(said, capsys.readouterr().out)


def test_the_target_names_the_size_at_which_auto_loses_most() -> None:
    def verdict(*percents: float) -> tuple[str, str]:
        measured = [
            row
            for size, percent in enumerate(percents)
            for row in measurements("choice", f"size {size}{LOST}", "%", {"auto": [percent]})
        ]
        target = next(row for row in targets(measured, "avx2") if row.what.startswith("choice"))
        return target.what, target.verdict

    assert verdict(0.0, 4.0) == ("choice, the most lost by auto at 2 sizes, size 1", "met")
    assert verdict(9.0, 4.0) == ("choice, the most lost by auto at 2 sizes, size 0", "not met")
    assert verdict() == ("choice, the most lost by auto at 0 sizes", "not measured")


def test_sizes_have_names_of_their_own() -> None:
    assert len({point.name for point in module.POINTS}) == len(module.POINTS)
