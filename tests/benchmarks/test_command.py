"""The command: what it measures again, and the files that it writes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks import __main__ as command
from benchmarks.benchmark import Setup
from benchmarks.measurement import Measurement, measurements
from benchmarks.report import read_reports

SERVER = {"processor": "A Server", "isa": "avx2", "threads": "2 threads"}


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[frozenset[str]]:
    """The cases that the benchmark ``training`` is asked for; d2l rnn is near its floor of 1.5."""
    asked: list[frozenset[str]] = []
    speeds = {"d2l rnn": iter((1.52, 1.42, 1.44)), "d2l lstm": iter((3.0,))}

    def training(setup: Setup) -> Iterator[list[Measurement]]:
        asked.append(setup.cases)
        for case, values in speeds.items():
            if setup.wants(case):
                samples = {"naive": [1.0], "zoo portable": [next(values)]}
                yield measurements("training", case, "tokens/s", samples)

    monkeypatch.setitem(command.BENCHMARKS, "training", training)
    monkeypatch.setattr(command, "_skipped", lambda: iter(()))
    monkeypatch.setattr(command, "machine", lambda: SERVER)
    return asked


def test_a_case_near_its_floor_is_measured_in_three_runs(
    asked: list[frozenset[str]], tmp_path: Path
) -> None:
    arguments = ["--only", "training", "--level", "none", "--out", str(tmp_path)]
    answer = CliRunner().invoke(command.main, arguments)
    assert answer.exit_code == 0, answer.output
    assert asked == [frozenset(), frozenset({"d2l rnn"}), frozenset({"d2l rnn"})]
    assert "training, d2l rnn: run 3 of 3" in answer.stderr
    (report,) = read_reports(tmp_path / "benchmarks-none.json")
    runs = {(row.case, row.implementation): row.runs for row in report.measurements}
    assert runs[("d2l rnn", "zoo portable")] == 3
    assert runs[("d2l lstm", "zoo portable")] == 1
    line = "| portable, d2l rnn: × naive loop | 1.5 | 1.8 | 1.44 (3 runs) | not met |"
    assert line in (tmp_path / "benchmarks-none.md").read_text("utf-8")


def test_one_case_is_measured_anew_and_the_others_stay(
    asked: list[frozenset[str]], tmp_path: Path
) -> None:
    arguments = ["--only", "training", "--level", "none", "--out", str(tmp_path)]
    assert CliRunner().invoke(command.main, arguments).exit_code == 0
    file = tmp_path / "benchmarks-none.json"
    (before,) = read_reports(file)
    measured = [measurements("training", "d2l lstm", "tokens/s", {"naive": [2.0]})]
    command.BENCHMARKS["training"] = lambda setup: iter(measured if setup.wants("d2l lstm") else [])
    answer = CliRunner().invoke(command.main, [*arguments, "--case", "d2l lstm"])
    assert answer.exit_code == 0, answer.output
    (after,) = read_reports(file)
    other = [row for row in before.measurements if row.case != "d2l lstm"]
    assert [row for row in after.measurements if row.case != "d2l lstm"] == other
    assert [row.value for row in after.measurements if row.case == "d2l lstm"] == [2.0]


def test_a_case_that_no_benchmark_has_is_an_error(
    asked: list[frozenset[str]], tmp_path: Path
) -> None:
    arguments = ["--only", "training", "--level", "none", "--out", str(tmp_path)]
    answer = CliRunner().invoke(command.main, [*arguments, "--case", "toy rnm"])
    assert answer.exit_code == 1
    assert "no such case was measured: toy rnm" in answer.stderr


def test_reports_of_other_processors_stay(
    asked: list[frozenset[str]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arguments = ["--only", "training", "--level", "none", "--out", str(tmp_path)]
    for processor in ("A Server", "A Laptop"):
        monkeypatch.setattr(command, "machine", lambda name=processor: SERVER | {"processor": name})
        monkeypatch.setitem(
            command.BENCHMARKS,
            "training",
            lambda setup: iter([measurements("training", "d2l gru", "tokens/s", {"naive": [1.0]})]),
        )
        assert CliRunner().invoke(command.main, arguments).exit_code == 0
    reports = read_reports(tmp_path / "benchmarks-none.json")
    assert [report.place[0] for report in reports] == ["A Server", "A Laptop"]
    page = (tmp_path / "benchmarks-none.md").read_text("utf-8")
    assert page.index("## A Server, avx2") < page.index("## A Laptop, avx2")
