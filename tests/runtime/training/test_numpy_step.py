"""Whole training steps in NumPy, against the ordinary step, whose gradients are autograd's."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor

from tests.runtime.runs import TEXT, contents, finish, interrupt, resume_to_end, small_run_config
from tests.runtime.training.small_steps import MODELS, SYMBOLS, batches, small_step_of, train
from zoo_core.errors import DivergedError, ResumeError
from zoo_core.plugins.catalog import Catalog, load_catalog
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.nn.batch import IGNORED, Batch
from zoo_core.runtime.nn.state import detach
from zoo_core.runtime.resume import resume
from zoo_core.runtime.run import Run
from zoo_core.runtime.training import numpy_step
from zoo_core.runtime.training.numpy_step import MAX_PRODUCTS, MAX_WEIGHT, NumpyStep
from zoo_core.runtime.training.step import StepResult, TrainStep

OPTIMIZERS: dict[str, dict[str, Any]] = {
    "adam": {"optimizer": "Adam", "clip_norm": 0.1, "schedule": "CosineAnnealingLR"},
    "adam-decay": {"optimizer": "Adam", "weight_decay": 0.1, "clip_norm": None},
    "adamw": {"optimizer": "AdamW", "weight_decay": 0.1, "clip_norm": None},
    "sgd": {"optimizer": "SGD", "clip_norm": 1e-3, "schedule": "LinearLR"},
    "momentum": {"optimizer": "SGD", "momentum": 0.9, "weight_decay": 0.01},
}


make_step = partial(small_step_of, backend="portable", dtype=torch.float64)


def numbers_of(step: TrainStep, results: list[StepResult]) -> list[Tensor]:
    """All numbers that a training gives."""
    parameters = list(step.model.parameters())
    gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
    assert len(gradients) == len(parameters)
    numbers = [*parameters, *gradients, *step.capture()[0].values()]
    for result in results:
        numbers += [result.loss, result.gradient_norm, *result.sums.values()]
        numbers += [result.output.logits, *(result.output.state or ())[0]]
    return [tensor.detach() for tensor in numbers]


def check_is_the_ordinary_step(
    catalog: Catalog, name: str, data: list[Batch], *, rtol: float = 1e-10, **settings: Any
) -> None:
    """Checks that losses, sums, states, gradients, weights and optimizer are the same."""
    ordinary = make_step(catalog, name, whole=False, **settings)
    expected = numbers_of(ordinary, train(ordinary, data))
    step = make_step(catalog, name, **settings)
    actual = numbers_of(step, train(step, data))
    assert isinstance(step._whole, NumpyStep)
    torch.testing.assert_close(actual, expected, rtol=rtol, atol=rtol / 10)


@pytest.mark.parametrize("rows_and_steps", [(1, 1), (1, 5), (3, 4), (20, 3)])
@pytest.mark.parametrize("name", MODELS)
def test_a_step_in_numpy_is_the_ordinary_one(
    catalog: Catalog, name: str, rows_and_steps: tuple[int, int]
) -> None:
    check_is_the_ordinary_step(catalog, name, batches(*rows_and_steps))


@pytest.mark.parametrize("settings", OPTIMIZERS.values(), ids=OPTIMIZERS)
@pytest.mark.parametrize("name", ["lstm-embed", "gru-stacked"])
def test_the_optimizer_and_the_clipping_are_the_ordinary_ones(
    catalog: Catalog, name: str, settings: dict[str, Any]
) -> None:
    check_is_the_ordinary_step(catalog, name, batches(2, 5), **settings)


@pytest.mark.parametrize("name", ["rnn-stacked", "lstm-embed", "gru-stacked"])
def test_a_step_without_biases(catalog: Catalog, name: str) -> None:
    check_is_the_ordinary_step(catalog, name, batches(3, 4), model={"bias": False})


@pytest.mark.parametrize("name", ["rnn-embed", "rnn-stacked"])
def test_an_rnn_of_rectified_units(catalog: Catalog, name: str) -> None:
    check_is_the_ordinary_step(catalog, name, batches(3, 4), model={"nonlinearity": "relu"})


@pytest.mark.parametrize("name", MODELS)
def test_a_step_in_single_precision(catalog: Catalog, name: str) -> None:
    settings: dict[str, Any] = {"dtype": torch.float32, "optimizer": "SGD"}
    check_is_the_ordinary_step(catalog, name, batches(2, 6)[:1], rtol=1e-5, **settings)


def test_a_large_batch_is_taken_in_torch(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numpy_step, "MAX_PRODUCTS", 1)
    steps = [make_step(catalog, whole=False), make_step(catalog)]
    expected, actual = (numbers_of(step, train(step, batches(2, 3))) for step in steps)
    assert isinstance(steps[1]._whole, NumpyStep)
    assert all(torch.equal(*pair) for pair in zip(actual, expected, strict=True))


@pytest.mark.parametrize(
    ("model", "trainer"),
    [
        ({"hidden_size": 46}, {}),  # 4 · 46 · 46 numbers are more than MAX_WEIGHT
        ({"hidden_size": 1}, {}),
        ({"num_layers": 2}, {}),
        ({"output_dropout": 0.5}, {}),
        ({"weight_drop": 0.5}, {}),
        ({"activation_penalty": 0.5}, {}),
        ({"max_norm": 1.0}, {}),
        ({"padding_idx": 0}, {}),
        ({"tie_weights": True, "embedding_size": 9}, {}),
        ({"proj_size": 3}, {}),
        ({}, {"optimizer": "RMSprop"}),
        ({}, {"accumulate": 2}),
        ({}, {"checkpoint_steps": 2}),
        ({}, {"label_smoothing": 0.1}),
        ({}, {"class_weights": "1 2 3 4 5 6 7"}),
        ({}, {"precision": "bf16"}),
    ],
    ids=str,
)
def test_everything_else_takes_other_steps(
    catalog: Catalog, model: dict[str, Any], trainer: dict[str, Any]
) -> None:
    step = make_step(catalog, dtype=torch.float32, model=model, **trainer)
    train(step, batches(2, 3))
    assert not isinstance(step._whole, NumpyStep)


def test_rows_of_different_lengths_take_an_ordinary_step(catalog: Catalog) -> None:
    step = make_step(catalog)
    data = batches(2, 4)
    train(step, data)
    assert isinstance(step._whole, NumpyStep)
    assert step._whole(data[0]._replace(lengths=torch.tensor([4, 2])), None) is None


def test_a_state_of_other_rows_is_left_to_the_ordinary_step(catalog: Catalog) -> None:
    step = make_step(catalog)
    (result, *_) = train(step, batches(2, 3))
    assert isinstance(step._whole, NumpyStep)
    assert step._whole(batches(3, 3)[0], detach(result.output.state)) is None


@pytest.mark.parametrize("name", ["output.weight", "recurrent.weight_hh_l0", "embedding.weight"])
def test_a_step_that_diverges_changes_nothing_and_names_the_parameter(
    catalog: Catalog, name: str
) -> None:
    step = make_step(catalog)
    data = batches(2, 3)
    train(step, data)
    assert isinstance(step._whole, NumpyStep)
    with torch.no_grad():
        step.model.get_parameter(name).fill_(torch.inf)
    kept = [*step.model.parameters(), *step.capture()[0].values()]
    before = [tensor.detach().clone() for tensor in kept]
    with pytest.raises(DivergedError, match="the largest gradient is that of"):
        step(data[0], None, 9)
    assert all(map(torch.equal, before, kept))


def test_a_gradient_that_is_not_finite_changes_nothing(catalog: Catalog) -> None:
    step = make_step(catalog, dtype=torch.float32, optimizer="SGD")
    data = batches(2, 3)
    train(step, data)
    assert isinstance(step._whole, NumpyStep)
    with torch.no_grad():  # the loss is finite, and the square of the gradient is not
        step.model.get_parameter("output.weight").mul_(1e30)
    before = [parameter.detach().clone() for parameter in step.model.parameters()]
    with pytest.raises(DivergedError, match="gradient norm inf"):
        step(data[0], None, 9)
    assert all(map(torch.equal, before, step.model.parameters()))


def test_targets_of_which_none_counts_are_left_to_the_ordinary_step(catalog: Catalog) -> None:
    step = make_step(catalog)
    (batch, *_) = batches(2, 3)
    train(step, [batch, batch])
    assert isinstance(step._whole, NumpyStep)
    with pytest.raises(DivergedError, match="loss nan"):
        step(batch._replace(targets=torch.full((2, 3), IGNORED)), None, 2)


def test_a_hook_that_comes_later_is_called(catalog: Catalog) -> None:
    step = make_step(catalog)
    train(step, batches(2, 3))
    assert isinstance(step._whole, NumpyStep)
    called = []
    step.model.register_forward_hook(lambda *_: called.append(1))
    step(batches(2, 3)[0], None)
    assert called == [1]


def test_weights_that_are_replaced_are_trained(catalog: Catalog) -> None:
    ordinary, step = make_step(catalog, whole=False), make_step(catalog)
    data = batches(2, 3)
    numbers = []
    for each in (ordinary, step):
        train(each, data)
        weight = each.model.get_parameter("recurrent.weight_hh_l0")
        weight.data = weight.data.flip(0).contiguous()
        numbers.append(numbers_of(each, train(each, data)))
    assert isinstance(step._whole, NumpyStep)
    torch.testing.assert_close(*numbers, rtol=1e-10, atol=1e-11)


def test_a_token_out_of_range_is_torchs_error(catalog: Catalog) -> None:
    step = make_step(catalog)
    (batch, *_) = batches(2, 3)
    train(step, [batch, batch])
    assert isinstance(step._whole, NumpyStep)
    for wrong in (SYMBOLS, -1):
        outside = torch.full((2, 3), wrong)
        with pytest.raises(IndexError):
            step(batch._replace(inputs=outside), None, 2)
        with pytest.raises(IndexError):
            step(batch._replace(targets=outside), None, 2)


LARGEST = (("lstm-embed", 45, 4, 8), ("lstm-stacked", 8, 32, 32), ("rnn-stacked", 90, 1, 32))
"""Models, their hidden sizes, and rows and steps of batches, at the limits."""
IN_A_PROCESS = (
    "from tests.runtime.training import test_numpy_step as test; test.write_work_of_threads()"
)


def work_of_other_threads(function: Callable[[], object]) -> int:
    """The nanoseconds that the threads of this process but its first one work in 50 calls."""

    def total() -> int:
        time.sleep(0.2)  # until threads that wait for more work sleep
        tasks = Path("/proc/self/task").iterdir()
        schedules = [task / "schedstat" for task in tasks if task.name != str(os.getpid())]
        return sum(int(schedule.read_text().split()[0]) for schedule in schedules)

    before = total()
    for _ in range(50):
        function()
    return total() - before


def write_work_of_threads() -> None:
    """Writes the work of other threads in the largest steps, and in a large product."""
    torch.set_num_threads(1)
    for name, hidden_size, rows, steps in LARGEST:
        step = make_step(
            load_catalog(), name, dtype=torch.float32, model={"hidden_size": hidden_size}
        )
        largest = max(parameter.numel() for parameter in step.model.parameters())
        assert MAX_PRODUCTS * 0.9 < largest * rows * steps <= MAX_PRODUCTS
        assert largest <= MAX_WEIGHT
        batch = batches(rows, steps)[0]
        train(step, [batch, batch])
        assert isinstance(step._whole, NumpyStep)
        sys.stdout.write(f"{work_of_other_threads(partial(step, batch, None, 2))} ")
    matrix = np.ones((512, 512), np.float32)
    sys.stdout.write(f"{work_of_other_threads(lambda: matrix @ matrix)}")


@pytest.mark.skipif(sys.platform != "linux", reason="it tells no times of threads")
def test_numpy_uses_one_thread_so_that_results_do_not_depend_on_their_number() -> None:
    process = subprocess.run(
        [sys.executable, "-c", IN_A_PROCESS],
        env=os.environ | {"OPENBLAS_NUM_THREADS": "2"},
        capture_output=True,
        text=True,
        check=True,
    )
    *in_steps, in_product = map(int, process.stdout.split())
    if not in_product:
        pytest.skip("NumPy has one thread for any product")
    assert in_steps == [0] * len(LARGEST)


def run_config_of(catalog: Catalog, folder: Path, sampling: str) -> RunConfig:
    """A small run of the portable kernel, of one layer without dropout."""
    text_file = folder / "text.txt"
    text_file.write_text(TEXT)
    run_config = small_run_config(
        catalog,
        text_file,
        model={"num_layers": 1, "dropout": 0.0},
        dataset={"sampling": sampling},
    )
    return replace(run_config, backend="portable")


@pytest.mark.parametrize("sampling", ["sequential", "random"])
def test_an_interrupted_run_resumes_bit_for_bit(
    catalog: Catalog, tmp_path: Path, sampling: str
) -> None:
    run_config = run_config_of(catalog, tmp_path, sampling)
    run = Run(catalog, run_config, tmp_path / "straight")
    finish(run)
    assert isinstance(run.loop.train_step._whole, NumpyStep)
    interrupt(Run(catalog, run_config, tmp_path / "interrupted"), 4)
    resume_to_end(catalog, tmp_path / "interrupted")
    assert contents(tmp_path / "interrupted") == contents(tmp_path / "straight")


def test_a_run_from_before_steps_in_numpy_continues_without_them(
    catalog: Catalog, tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    interrupt(Run(catalog, run_config_of(catalog, tmp_path, "random"), folder), 4)
    values_file = next((folder / "state").glob("*/values.json"))
    values = json.loads(values_file.read_text("utf-8"))
    del values["snapshot"]["numpy"], values["versions"]["numpy"]
    values_file.write_text(json.dumps(values), "utf-8")
    for step in (6, 8):  # what the resumed run saves says so again
        run = resume(catalog, folder)
        interrupt(run, step)
        assert not isinstance(run.loop.train_step._whole, NumpyStep)
        assert run.loop.train_step._whole is not None


def test_another_version_of_numpy_refuses_to_resume(catalog: Catalog, tmp_path: Path) -> None:
    folder = tmp_path / "run"
    interrupt(Run(catalog, run_config_of(catalog, tmp_path, "random"), folder), 4)
    values_file = next((folder / "state").glob("*/values.json"))
    values = json.loads(values_file.read_text("utf-8"))
    values["versions"]["numpy"] = "1.0"
    values_file.write_text(json.dumps(values), "utf-8")
    with pytest.raises(ResumeError, match=r"numpy was 1\.0, is "):
        resume(catalog, folder)
