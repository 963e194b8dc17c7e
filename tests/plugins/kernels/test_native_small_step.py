"""Whole training steps of small models by the native kernel, against the ordinary step."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from tests.runtime.runs import TEXT, contents, finish, interrupt, resume_to_end, small_run_config
from tests.runtime.training.small_steps import MODELS, SYMBOLS, batches, small_step_of, train
from zoo_core.errors import DivergedError
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import RecurrentModel
from zoo_core.runtime.nn.state import detach
from zoo_core.runtime.resume import resume
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.class_trainer import AbstractClassTrainer
from zoo_core.runtime.training.step import StepResult, TrainStep
from zoo_kernels import small_step
from zoo_kernels.library import LEVEL, NativeLibrary, native_library

BUILT = native_library()
LEVELS = [] if isinstance(BUILT, str) else BUILT.levels[: BUILT.best + 1]
pytestmark = pytest.mark.skipif(isinstance(BUILT, str), reason=f"the library is not built: {BUILT}")
ROUNDS = not isinstance(BUILT, str) and BUILT.multiplies_bfloat16 and multiplies_bfloat16("cpu")
PRECISIONS = ("fp32", "bf16") if ROUNDS else ("fp32",)
OPTIMIZERS: dict[str, dict[str, Any]] = {
    "adam": {"optimizer": "Adam", "clip_norm": 0.1, "schedule": "CosineAnnealingLR"},
    "adam-decay": {"optimizer": "Adam", "weight_decay": 0.1, "clip_norm": None},
    "adamw": {"optimizer": "AdamW", "weight_decay": 0.1, "label_smoothing": 0.2},
    "sgd": {
        "optimizer": "SGD",
        "class_weights": "1 2 3 4 5 6 7",
        "clip_norm": 1e-3,
        "schedule": "LinearLR",
    },
    "momentum": {"optimizer": "SGD", "momentum": 0.9, "weight_decay": 0.01},
}


make_step = partial(small_step_of, backend="native", dtype=torch.float64)


def numbers_of(step: TrainStep, results: list[StepResult]) -> list[Tensor]:
    """All numbers that a training gives."""
    numbers = [*step.model.parameters(), *step.capture()[0].values()]
    for result in results:
        numbers += [result.loss, result.gradient_norm, *result.sums.values()]
        numbers += [result.output.logits, *(result.output.state or ())[0]]
    return [tensor.detach().double() for tensor in numbers]


def takes_whole_steps(step: TrainStep) -> bool:
    """Whether a step that was called before runs in the kernel."""
    return step._whole is not None


def check_is_the_ordinary_step(
    catalog: Catalog,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    data: list[Batch],
    **settings: Any,
) -> None:
    """Checks at every level that weights, optimizer, state, logits and sums are the same."""
    ordinary = make_step(catalog, name, whole=False, **settings)
    expected = numbers_of(ordinary, train(ordinary, data))
    for level in LEVELS:
        monkeypatch.setenv(LEVEL, level)
        whole = make_step(catalog, name, **settings)
        actual = numbers_of(whole, train(whole, data))
        assert takes_whole_steps(whole)
        torch.testing.assert_close(actual, expected, rtol=1e-10, atol=1e-10)


@pytest.mark.parametrize("name", MODELS)
def test_a_whole_step_is_the_ordinary_one(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    check_is_the_ordinary_step(catalog, monkeypatch, name, batches(3, 4))


@pytest.mark.gate
@pytest.mark.parametrize("rows_and_steps", [(1, 1), (1, 5), (20, 3)])
@pytest.mark.parametrize("name", MODELS)
def test_batches_of_fewer_and_of_more_tokens_than_symbols(
    catalog: Catalog,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    rows_and_steps: tuple[int, int],
) -> None:
    check_is_the_ordinary_step(catalog, monkeypatch, name, batches(*rows_and_steps))


@pytest.mark.parametrize("settings", OPTIMIZERS.values(), ids=OPTIMIZERS)
def test_the_optimizer_is_torchs(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch, settings: dict[str, Any]
) -> None:
    check_is_the_ordinary_step(catalog, monkeypatch, "gru-embed", batches(1, 5), **settings)


@pytest.mark.parametrize("name", ["lstm-embed", "gru-stacked"])
def test_a_whole_step_in_single_precision(catalog: Catalog, name: str) -> None:
    ordinary, whole = (
        make_step(catalog, name, whole=is_whole, dtype=torch.float32, optimizer="SGD")
        for is_whole in (False, True)
    )
    data = batches(2, 6)
    expected = numbers_of(ordinary, train(ordinary, data))
    actual = numbers_of(whole, train(whole, data))
    assert takes_whole_steps(whole)
    torch.testing.assert_close(actual, expected, rtol=1e-4, atol=1e-5)


def test_a_step_without_biases(catalog: Catalog) -> None:
    ordinary, whole = (
        make_step(catalog, whole=is_whole, model={"bias": False}) for is_whole in (False, True)
    )
    data = batches(2, 6)
    expected = numbers_of(ordinary, train(ordinary, data))
    torch.testing.assert_close(
        numbers_of(whole, train(whole, data)), expected, rtol=1e-10, atol=1e-10
    )
    assert takes_whole_steps(whole)


@pytest.mark.parametrize(
    ("model", "trainer"),
    [
        ({"num_layers": 2}, {}),
        ({"output_dropout": 0.5}, {}),
        ({"weight_drop": 0.5}, {}),
        ({"activation_penalty": 0.5}, {}),
        ({"max_norm": 1.0}, {}),
        ({"padding_idx": 0}, {}),
        ({"scale_grad_by_freq": True}, {}),
        ({"tie_weights": True, "embedding_size": 9}, {}),
        ({"proj_size": 3}, {}),
        ({}, {"optimizer": "RMSprop"}),
        ({}, {"accumulate": 2}),
        ({}, {"checkpoint_steps": 2}),
    ],
    ids=str,
)
def test_everything_else_takes_ordinary_steps(
    catalog: Catalog, model: dict[str, Any], trainer: dict[str, Any]
) -> None:
    step = make_step(catalog, model=model, **trainer)
    train(step, batches(2, 3))
    assert not takes_whole_steps(step)


def test_a_hook_or_a_large_batch_takes_an_ordinary_step(
    catalog: Catalog, monkeypatch: pytest.MonkeyPatch
) -> None:
    step = make_step(catalog)
    data = batches(2, 3)
    train(step, data)
    assert takes_whole_steps(step)
    calls: list[int] = []
    handle = step.model.get_submodule("output").register_forward_hook(lambda *_: calls.append(1))
    step(data[0], None, 9)
    handle.remove()
    step(data[0], None, 10)
    assert len(calls) == 1
    monkeypatch.setattr(small_step, "MAX_PRODUCTS", 1)
    step(data[0], None, 11)
    assert next(step.model.parameters()).grad is not None


def test_a_hook_on_a_parameter_takes_ordinary_steps(catalog: Catalog) -> None:
    step = make_step(catalog)
    seen: list[Tensor] = []
    bias = step.model.get_parameter("output.bias")
    bias.register_post_accumulate_grad_hook(seen.append)  # type: ignore[no-untyped-call]
    train(step, batches(2, 3))
    assert len(seen) == 4
    assert not takes_whole_steps(step)


def test_a_state_of_other_rows_is_left_to_the_ordinary_step(catalog: Catalog) -> None:
    step = make_step(catalog)
    (result, *_) = train(step, batches(2, 3))
    assert step._whole is not None
    assert step._whole(batches(3, 3)[0], detach(result.output.state)) is None


@pytest.mark.parametrize("optimizer", ["Adam", "SGD"])
def test_a_model_of_further_parameters_has_no_whole_step(catalog: Catalog, optimizer: str) -> None:
    step = make_step(catalog, optimizer=optimizer)
    train(step, batches(2, 3))
    model = step.model
    assert isinstance(model, RecurrentModel)
    assert isinstance(step.trainer, AbstractClassTrainer)
    loss = step.trainer.cross_entropy
    assert isinstance(BUILT, NativeLibrary)
    assert small_step.small_step(BUILT, model, loss, step.optimizer, None) is not None
    model.output.register_parameter("scale", nn.Parameter(torch.ones(1, dtype=torch.float64)))
    assert small_step.small_step(BUILT, model, loss, step.optimizer, None) is None


def test_a_count_of_steps_of_another_dtype_has_no_whole_step(catalog: Catalog) -> None:
    """C++ would read another number."""
    step = make_step(catalog)
    train(step, batches(2, 3))
    assert isinstance(step.model, RecurrentModel)
    assert isinstance(step.trainer, AbstractClassTrainer)
    assert isinstance(BUILT, NativeLibrary)
    state = step.optimizer.state[step.model.output.weight]
    state["step"] = state["step"].double()
    loss = step.trainer.cross_entropy
    assert small_step.small_step(BUILT, step.model, loss, step.optimizer, None) is None


def test_a_step_that_diverges_leaves_the_weights_and_names_the_parameter(catalog: Catalog) -> None:
    step = make_step(catalog, dtype=torch.float32)
    data = batches(2, 3)
    train(step, data)
    weight = step.model.get_parameter("output.weight")
    with torch.no_grad():
        weight[0, 0] = torch.inf  # whether finite numbers overflow depends on the order of a sum
    before = [parameter.detach().clone() for parameter in step.model.parameters()]
    with pytest.raises(DivergedError, match="the largest gradient is that of"):
        step(data[0], None, 9)
    assert all(map(torch.equal, before, step.model.parameters()))


def test_a_token_out_of_range_is_torchs_error(catalog: Catalog) -> None:
    step = make_step(catalog)
    (batch, *_), outside = batches(2, 3), torch.full((2, 3), SYMBOLS)
    step(batch, None)
    with pytest.raises(IndexError):
        step(batch._replace(inputs=outside), None, 1)
    with pytest.raises(IndexError):
        step(batch._replace(targets=outside), None, 1)


def test_restored_steps_continue_bit_for_bit(catalog: Catalog) -> None:
    data = batches(3, 5)
    straight = make_step(catalog)
    train(straight, data[:2])
    tensors, values = straight.capture()
    saved = {name: tensor.clone() for name, tensor in tensors.items()}
    weights = {name: tensor.clone() for name, tensor in straight.model.state_dict().items()}
    expected = numbers_of(straight, train(straight, data[2:]))
    again = make_step(catalog)
    again.model.load_state_dict(weights)
    again.restore(saved, values)
    actual = numbers_of(again, train(again, data[2:]))
    assert takes_whole_steps(again)
    assert all(torch.equal(*pair) for pair in zip(actual, expected, strict=True))


@pytest.mark.parametrize("precision", PRECISIONS)
@pytest.mark.parametrize("carries", [True, False])
def test_an_interrupted_run_resumes_bit_for_bit(
    catalog: Catalog, tmp_path: Path, carries: bool, precision: str
) -> None:
    text_file = tmp_path / "text.txt"
    text_file.write_text(TEXT)
    run_config = small_run_config(
        catalog,
        text_file,
        model={"num_layers": 1, "dropout": 0.0},
        dataset={"sampling": "sequential" if carries else "random"},
    )
    run_config = replace(run_config, precision=precision)
    run = Run(catalog, run_config, tmp_path / "straight")
    finish(run)
    assert takes_whole_steps(run.loop.train_step)
    interrupt(Run(catalog, run_config, tmp_path / "interrupted"), 4)
    resume_to_end(catalog, tmp_path / "interrupted")
    assert contents(tmp_path / "interrupted") == contents(tmp_path / "straight")


@pytest.mark.skipif(not ROUNDS, reason="the processor has no instructions for bfloat16")
def test_a_run_in_bfloat16_from_before_whole_steps_continues_without_them(
    catalog: Catalog, tmp_path: Path
) -> None:
    text_file = tmp_path / "text.txt"
    text_file.write_text(TEXT)
    run_config = small_run_config(catalog, text_file, model={"num_layers": 1, "dropout": 0.0})
    folder = tmp_path / "run"
    interrupt(Run(catalog, replace(run_config, precision="bf16"), folder), 4)
    values_file = next((folder / "state").glob("*/values.json"))
    values = json.loads(values_file.read_text("utf-8"))
    del values["snapshot"]["whole_bf16"]
    values_file.write_text(json.dumps(values), "utf-8")
    for step in (6, 8):  # what the resumed run saves says so again
        run = resume(catalog, folder)
        interrupt(run, step)
        assert not takes_whole_steps(run.loop.train_step)
