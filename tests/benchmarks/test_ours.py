"""The zoo's own way is a run, and its figures become files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

from benchmarks import generation, trainer
from benchmarks.__main__ import main
from benchmarks.cases import CASES, GATES
from benchmarks.figure import figures
from benchmarks.gpu import ways as on_device
from benchmarks.levels import catalog_at
from benchmarks.ours import Ours, backends
from benchmarks.pictures import picture
from benchmarks.report import Report
from benchmarks.subject import Bench
from benchmarks.timing import Effort, interleave
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.runtime.run import Run


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.mark.parametrize("cell", list(GATES))
def test_a_step_of_a_run_counts_its_targets(catalog: Catalog, cell: str, tmp_path: Path) -> None:
    run = Ours(catalog, CASES["S"].run_config(catalog, cell), tmp_path)
    assert run.steps(3) == 3 * CASES["S"].steps
    assert run.run.loop.progress.steps == 3


@pytest.mark.parametrize("case", list(CASES))
@pytest.mark.parametrize("cell", list(GATES))
def test_the_zoo_is_given_the_size_that_the_peers_have(
    catalog: Catalog, case: str, cell: str
) -> None:
    size = CASES[case]
    run_config = size.run_config(catalog, cell, backend="reference", trainer={"epochs": 3})
    assert run_config.configs["model"]["hidden_size"] == size.hidden
    assert run_config.configs["model"].get("embedding_size", 0) == size.embedding
    assert run_config.configs["trainer"]["batch_size"] == size.batch
    assert run_config.configs["trainer"]["epochs"] == 3
    assert run_config.backend == "reference"


def test_the_backends_are_those_that_a_model_would_try(catalog: Catalog) -> None:
    found = backends(catalog)
    assert "torch" in found
    assert "reference" not in found


def test_on_a_device_the_zoo_and_torch_take_the_same_targets(
    catalog: Catalog, tmp_path: Path
) -> None:
    case = CASES["S"]
    bench = Bench(catalog, tmp_path, Effort(1, 0.01), quick=True)
    found = on_device(bench, case, "rnn", "cpu")  # bfloat16 in an LSTM takes a newer processor
    assert list(found) == ["torch.nn fp32", "zoo fp32", "torch.nn bf16", "zoo bf16"]
    assert {work(2) for work in found.values()} == {2 * case.steps}


def test_every_way_is_asked_for_as_many_symbols_at_once(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Writer:
        def generate(self, length: int, precision: str = "fp32") -> list[int]:
            asked.append(length)
            return [0] * length

    monkeypatch.setattr(generation, "peers", lambda cell, case: {"naive": Writer()})
    monkeypatch.setattr(Ours, "generate", Writer.generate)
    for quick, length in ((True, generation.SHORT), (False, generation.LENGTH)):
        asked.clear()
        bench = Bench(catalog, tmp_path, Effort(1, 0.0), quick)
        found = generation.ways(bench, CASES["S"], "rnn")
        assert {"naive", "zoo portable"} <= set(found)
        assert {work(2) for work in found.values()} == {2 * length}
        assert asked == 2 * len(found) * [length]


def test_where_nothing_is_compiled_no_backend_is_native() -> None:
    assert backends(catalog_at("none")) == ["torch", "portable"]


def test_a_level_bounds_the_native_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_KERNELS_LEVEL", "avx2")  # and put back what was there
    catalog_at("baseline")
    assert os.environ["ZOO_KERNELS_LEVEL"] == "baseline"


def test_every_way_has_its_turn_in_every_round() -> None:
    turns: list[str] = []

    def way(name: str) -> float:
        turns.append(name)
        return 1.0

    ways = {name: lambda count, name=name: way(name) for name in "ab"}
    rates = interleave(ways, Effort(rounds=3, seconds=0.0))
    assert turns[-6:] == ["a", "b"] * 3
    assert [len(each) for each in rates.values()] == [3, 3]


def test_the_picture_is_a_png() -> None:
    found = figures("training", "M lstm", "tokens/s", {"naive": [1.0], "zoo torch": [2.0]})
    report = Report({"processor": "A Processor"}, "2026-01-02", False, found)
    assert picture(report).startswith(b"\x89PNG")


def test_an_unknown_subject_is_refused() -> None:
    answer = CliRunner().invoke(main, ["--only", "weather"])
    assert answer.exit_code == 2
    assert "weather" in answer.output


def test_short_turns_count_together_the_slow_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "PARTS", 3)
    rates = {"zoo train": [6.0, 6.0, 3.0, 2.0, 2.0, 2.0]}
    assert trainer.together(rates) == {"zoo train": [pytest.approx(4.5), pytest.approx(2.0)]}


def test_the_step_alone_is_the_one_that_the_trainer_takes(catalog: Catalog, tmp_path: Path) -> None:
    run_config = CASES["S"].run_config(catalog, "lstm")
    whole = Ours(catalog, run_config, tmp_path / "whole")
    bare = trainer.BareSteps(Run(catalog, run_config, tmp_path / "bare"))
    assert bare.steps(3) == whole.steps(3)
    trained = whole.run.loop.model.state_dict()
    for name, each in bare.train_step.model.state_dict().items():
        torch.testing.assert_close(each, trained[name], rtol=0, atol=0)
