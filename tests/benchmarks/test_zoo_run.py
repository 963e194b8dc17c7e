"""The zoo's own implementation, and the command."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import torch
from click.testing import CliRunner

from benchmarks import generation, gpu, texts, trainer
from benchmarks.__main__ import main
from benchmarks.benchmark import Setup
from benchmarks.cases import CASES, GATES
from benchmarks.gpu import implementations as on_device
from benchmarks.levels import catalog_at
from benchmarks.measurement import measurements
from benchmarks.plot import plot
from benchmarks.report import Report
from benchmarks.timing import Effort, Work, interleave
from benchmarks.zoo_run import ZooRun, backends
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.runtime.run import Run


@pytest.fixture(scope="module")
def catalog() -> Catalog:
    return load_catalog()


@pytest.mark.parametrize("cell", list(GATES))
def test_a_step_of_a_run_counts_its_targets(catalog: Catalog, cell: str, tmp_path: Path) -> None:
    run = ZooRun(catalog, CASES["toy"].run_config(catalog, cell), tmp_path)
    assert run.steps(3) == 3 * CASES["toy"].steps
    assert run.run.loop.progress.steps == 3


@pytest.mark.parametrize("case", list(CASES))
@pytest.mark.parametrize("cell", list(GATES))
def test_the_zoo_has_the_sizes_of_the_peers(catalog: Catalog, case: str, cell: str) -> None:
    size = CASES[case]
    run_config = size.run_config(catalog, cell, backend="reference", trainer={"epochs": 3})
    assert run_config.configs["model"]["hidden_size"] == size.hidden
    assert run_config.configs["model"].get("embedding_size", 0) == size.embedding
    assert run_config.configs["trainer"]["batch_size"] == size.batch
    assert run_config.configs["trainer"]["epochs"] == 3
    assert run_config.backend == "reference"


def test_the_backends_are_those_of_a_model_but_the_reference(catalog: Catalog) -> None:
    measured = backends(catalog)
    assert "torch" in measured
    assert "reference" not in measured


def test_on_a_device_the_zoo_and_torch_take_the_same_targets(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    d2l = CASES["d2l"]
    case = replace(d2l, hidden=8, batch=4, steps=5, data=d2l.data | {"steps": 5, "limit": 500})
    monkeypatch.setattr(texts, "FOLDER", tmp_path)
    monkeypatch.setattr(gpu, "QUICK_LENGTH", 8)
    setup = Setup(catalog, tmp_path, Effort(1, 0.01), quick=True)
    # bfloat16 in an LSTM takes a newer processor
    trains, writes = on_device(setup, case, "rnn", "cpu")
    assert list(trains) == ["torch.nn fp32", "zoo fp32", "torch.nn bf16", "zoo bf16"]
    assert list(writes) == list(trains)
    assert {work(2) for work in trains.values()} == {2 * case.batch * case.steps}
    assert {work(1) for work in writes.values()} == {8}


def test_a_processor_that_is_slow_leaves_cases_out_rather_than_take_longer(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    work: dict[str, Work] = {"zoo fp32": float}
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(gpu, "implementations", lambda *_: (work, work))
    clock = iter((0.0, 100.0, 500.0, 541.0))
    monkeypatch.setattr(gpu, "time", SimpleNamespace(monotonic=lambda: next(clock)))
    monkeypatch.setattr(gpu, "interleave", lambda works, effort: {name: [1.0] for name in works})
    measured = gpu.gpu(Setup(catalog, tmp_path, Effort(1, 0.01), quick=True))
    assert [rows[0].case for rows in measured] == [
        "d2l rnn", "d2l rnn, text", "d2l lstm", "d2l lstm, text"
    ]  # fmt: skip
    assert capsys.readouterr().err == "gpu, from d2l gru on: no time left\n"


def test_every_implementation_generates_texts_of_the_same_length(
    catalog: Catalog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    class Writer:
        def generate(self, length: int, precision: str = "fp32") -> list[int]:
            asked.append(length)
            return [0] * length

    monkeypatch.setattr(generation, "peers", lambda cell, case: {"naive": Writer()})
    monkeypatch.setattr(ZooRun, "generate", Writer.generate)
    for quick, length in ((True, generation.QUICK_LENGTH), (False, generation.LENGTH)):
        asked.clear()
        setup = Setup(catalog, tmp_path, Effort(1, 0.0), quick)
        measured = generation.implementations(setup, CASES["toy"], "rnn")
        assert {"naive", "zoo portable"} <= set(measured)
        assert {work(2) for work in measured.values()} == {2 * length}
        assert asked == 2 * len(measured) * [length]


def test_without_compiled_code_no_backend_is_native() -> None:
    assert backends(catalog_at("none")) == ["torch", "portable"]


def test_a_level_limits_native_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ZOO_KERNELS_LEVEL", "avx2")  # and put back what was there
    catalog_at("baseline")
    assert os.environ["ZOO_KERNELS_LEVEL"] == "baseline"


def test_every_implementation_has_a_turn_in_every_round() -> None:
    turns: list[str] = []

    def implementation(name: str) -> float:
        turns.append(name)
        return 1.0

    implementations = {name: lambda count, name=name: implementation(name) for name in "ab"}
    rates = interleave(implementations, Effort(rounds=3, seconds=0.0))
    assert turns[-6:] == ["a", "b"] * 3
    assert [len(values) for values in rates.values()] == [3, 3]


def test_the_plot_is_a_png() -> None:
    measured = measurements(
        "training", "d2l lstm", "tokens/s", {"naive": [1.0], "zoo torch": [2.0]}
    )
    report = Report({"processor": "A Processor"}, "2026-01-02", False, measured)
    assert plot([report]).startswith(b"\x89PNG")


def test_an_unknown_benchmark_is_a_usage_error() -> None:
    answer = CliRunner().invoke(main, ["--only", "weather"])
    assert answer.exit_code == 2
    assert "weather" in answer.output


def test_short_turns_combine_to_the_rate_of_all_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trainer, "PARTS", 3)
    rates = {"zoo train": [6.0, 6.0, 3.0, 2.0, 2.0, 2.0]}
    assert trainer.combine_turns(rates) == {"zoo train": [pytest.approx(4.5), pytest.approx(2.0)]}


def test_the_bare_step_is_the_trainers_step(catalog: Catalog, tmp_path: Path) -> None:
    run_config = CASES["toy"].run_config(catalog, "lstm")
    whole = ZooRun(catalog, run_config, tmp_path / "whole")
    bare = trainer.BareSteps(Run(catalog, run_config, tmp_path / "bare"))
    assert bare.steps(3) == whole.steps(3)
    trained = whole.run.loop.model.state_dict()
    for name, tensor in bare.train_step.model.state_dict().items():
        torch.testing.assert_close(tensor, trained[name], rtol=0, atol=0)
