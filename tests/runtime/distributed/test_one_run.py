"""One run on 1, 2 and 4 processes: the same curve, the same bits after a resume."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch

from tests.runtime.distributed.gang import gang
from tests.runtime.runs import contents, finish, interrupt, small_run_config
from zoo_core.errors import ProcessError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.distributed.processes import AbstractProcesses
from zoo_core.runtime.resume import resume, shared_state
from zoo_core.runtime.run import Run

pytestmark = [
    pytest.mark.skipif(
        not hasattr(os, "fork") or sys.platform == "win32", reason="this platform cannot fork"
    ),
    pytest.mark.usefixtures("compiler"),
    pytest.mark.xdist_group("compiler"),
]
Rows = list[dict[str, Any]]
REGULARIZED = {
    "dropout": 0.3,
    "input_dropout": 0.1,
    "output_dropout": 0.2,
    "weight_drop": 0.2,
    "variational_dropout": True,
    "activation_penalty": 0.5,
    "temporal_penalty": 0.7,
}
CASES: dict[str, dict[str, dict[str, Any]]] = {
    # 27 windows in batches of 5: the last one has 2 rows, fewer than 4 processes
    "windows": {
        "dataset": {"validation": 0.2},
        "trainer": {"batch_size": 5, "label_smoothing": 0.1, "clip_norm": 0.05},
    },
    "stateful": {
        "model": REGULARIZED,
        "dataset": {"sampling": "sequential", "validation": 0.2},
        "trainer": {"batch_size": 3, "schedule": None},
    },
}
"""Settings by name. Every case has dropout, and uneven shares."""


@contextmanager
def double_precision() -> Iterator[None]:
    """Models that are built inside compute in float64."""
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(torch.float32)


def rows(folder: Path, name: str = "steps.jsonl") -> Rows:
    """Returns the rows of a log."""
    return [json.loads(line) for line in (folder / name).read_text().splitlines()]


def numbers(values: Any) -> list[float]:
    """Returns the numbers of JSON, in order."""
    match values:
        case dict():
            return [number for value in values.values() for number in numbers(value)]
        case list():
            return [number for value in values for number in numbers(value)]
    return [float(values)]


def assert_same_curve(folder: Path, expected: Path, tolerance: float = 1e-9) -> None:
    """Compares the steps and epochs of two runs."""
    for name in ("steps.jsonl", "history.jsonl"):
        ours, theirs = numbers(rows(folder, name)), numbers(rows(expected, name))
        assert ours == pytest.approx(theirs, rel=tolerance, abs=tolerance)


@pytest.fixture
def run_config_of(catalog: Catalog, text_file: Path) -> Callable[..., RunConfig]:
    """Makes the run config of a case, with other settings of the trainer."""

    def make(case: str, **trainer: Any) -> RunConfig:
        settings = CASES[case]
        quick = {"epochs": 2, "save_every": 60.0}
        together = settings | {"trainer": settings["trainer"] | quick | trainer}
        return small_run_config(catalog, text_file, **together)

    return make


def train(catalog: Catalog, run_config: RunConfig, folder: Path) -> Callable[..., None]:
    """Returns the work of training a run to its end, in double precision."""

    def work(processes: AbstractProcesses) -> None:
        with double_precision():
            run = Run(catalog, run_config, folder, processes=processes)
            run.check_processes()
            finish(run)

    return work


@pytest.mark.parametrize("case", CASES)
def test_a_batch_in_parts_gives_the_same_curve(
    catalog: Catalog, run_config_of: Callable[..., RunConfig], case: str, tmp_path: Path
) -> None:
    gang(tmp_path, 1, train(catalog, run_config_of(case), tmp_path / "whole"))
    gang(tmp_path, 1, train(catalog, run_config_of(case, accumulate=3), tmp_path / "parts"))
    assert_same_curve(tmp_path / "parts", tmp_path / "whole")


@pytest.mark.gate
@pytest.mark.parametrize("case", CASES)
def test_1_2_and_4_processes_give_the_same_curve(
    catalog: Catalog, run_config_of: Callable[..., RunConfig], case: str, tmp_path: Path
) -> None:
    run_config = run_config_of(case)
    for size in (1, 2, 4):
        gang(tmp_path / "gang", size, train(catalog, run_config, tmp_path / str(size)))
    assert_same_curve(tmp_path / "2", tmp_path / "1")
    assert_same_curve(tmp_path / "4", tmp_path / "1")
    parts = run_config_of(case, accumulate=3)
    gang(tmp_path / "gang", 2, train(catalog, parts, tmp_path / "both"))
    assert_same_curve(tmp_path / "both", tmp_path / "1")


@pytest.mark.gate
def test_a_resume_is_bit_for_bit_and_takes_another_number_of_processes(
    catalog: Catalog, run_config_of: Callable[..., RunConfig], tmp_path: Path
) -> None:
    run_config = run_config_of("stateful")

    def stop(processes: AbstractProcesses) -> None:
        with double_precision():
            for name in ("resumed", "moved"):
                run = Run(catalog, run_config, tmp_path / name, processes=processes)
                interrupt(run, 7)

    def resume_to_end(name: str) -> Callable[[AbstractProcesses], None]:
        def work(processes: AbstractProcesses) -> None:
            with double_precision():
                torch.manual_seed(12345)
                saved = shared_state(processes, tmp_path / name)
                finish(resume(catalog, tmp_path / name, saved=saved, processes=processes))

        return work

    gang(tmp_path / "gang", 3, train(catalog, run_config, tmp_path / "whole"))
    gang(tmp_path / "gang", 3, stop)
    gang(tmp_path / "gang", 3, resume_to_end("resumed"))
    assert contents(tmp_path / "resumed") == contents(tmp_path / "whole")
    gang(tmp_path / "gang", 2, resume_to_end("moved"))
    assert_same_curve(tmp_path / "moved", tmp_path / "whole")


def test_a_process_that_differs_is_refused_with_what_differs(
    catalog: Catalog, run_config_of: Callable[..., RunConfig], tmp_path: Path
) -> None:
    def work(processes: AbstractProcesses) -> str:
        text = tmp_path / f"{processes.rank}.txt"
        text.write_text("other text " * (30 + processes.rank))
        trainer = {"learning_rate": 0.1 + processes.rank}
        run_config = small_run_config(
            catalog, text, dataset={"path": tmp_path / "text.txt"}, trainer=trainer
        )
        (tmp_path / "text.txt").unlink(missing_ok=True)
        run = Run(catalog, small_run_config(catalog, text), tmp_path / "run", processes=processes)
        run.run_config = run_config
        run.versions["zoo-lstm"] = f"1.{processes.rank}"
        with pytest.raises(ProcessError) as refused:
            run.check_processes()
        assert refused.value.exit_code == 6
        return str(refused.value)

    messages = gang(tmp_path / "gang", 2, work)
    assert messages[0] == messages[1]
    for part in (
        "process 1 on",
        "zoo-lstm is 1.1 (there 1.0)",
        "the fingerprint of the data is",
        "trainer.learning_rate = 1.1 (there 0.1)",
    ):
        assert part in messages[0]


def test_an_error_of_one_process_is_that_of_all(tmp_path: Path) -> None:
    def work(processes: AbstractProcesses) -> str:
        def action() -> None:
            if not processes.is_first:
                raise ProcessError("no such text", 3)

        with pytest.raises(ProcessError) as failed:
            processes.together(action)
        assert failed.value.exit_code == 3
        return str(failed.value)

    assert gang(tmp_path, 2, work) == ["process 1: no such text"] * 2
