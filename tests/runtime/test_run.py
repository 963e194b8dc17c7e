"""Runs: repeated, interrupted, resumed, diverged, stopped early."""

from __future__ import annotations

import signal
from collections.abc import Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import torch

from tests.runtime.runs import contents, finish, interrupt, resume_to_end, small_run_config, train
from zoo_core.errors import DivergedError, MisfitError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.manifest import read_manifest
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.run_folder.run_log import read_epochs, read_steps
from zoo_core.runtime.checkpoints.checkpoint import read_checkpoint, read_history
from zoo_core.runtime.checkpoints.tensors import all_finite
from zoo_core.runtime.resume import resume
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.evaluation import evaluate
from zoo_core.runtime.training.events import (
    EpochEnded,
    Evaluated,
    Event,
    Finished,
    Saved,
    Started,
    Stepped,
)

KINDS: dict[str, dict[str, Any]] = {
    "shuffled": {},
    "carried": {"dataset": {"sampling": "sequential"}},
}


class Whole(NamedTuple):
    """A run config, and the files of its uninterrupted run."""

    run_config: RunConfig
    contents: dict[str, bytes]
    steps: int


@pytest.fixture(scope="module", params=KINDS)
def whole(
    request: pytest.FixtureRequest,
    catalog: Catalog,
    text_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Whole:
    run_config = small_run_config(catalog, text_file, **KINDS[request.param])
    folder = tmp_path_factory.mktemp("whole")
    steps = train(catalog, run_config, folder).manifest.steps
    return Whole(run_config, contents(folder), steps)


def abandon(run: Run, step: int) -> None:
    """Abandons a run, as a kill does, when a state is saved at or after a step."""
    for event in run.events():
        if isinstance(event, Saved) and event.step >= step:
            return


@pytest.mark.parametrize("share", [0.0, 0.34, 0.7, 1.0])
def test_an_interrupted_run_resumes_to_the_same_result(
    catalog: Catalog, whole: Whole, tmp_path: Path, share: float
) -> None:
    interrupt(Run(catalog, whole.run_config, tmp_path), max(1, round(share * whole.steps)))
    assert read_manifest(tmp_path).status == "interrupted"
    resume_to_end(catalog, tmp_path)
    assert contents(tmp_path) == whole.contents


@pytest.mark.parametrize("share", [0.0, 0.34, 0.7, 1.0])
def test_a_killed_run_resumes_to_the_same_result(
    catalog: Catalog, whole: Whole, tmp_path: Path, share: float
) -> None:
    abandon(Run(catalog, whole.run_config, tmp_path), round(share * whole.steps))
    assert not (tmp_path / "config.json").exists()
    resume_to_end(catalog, tmp_path)
    assert contents(tmp_path) == whole.contents


def test_a_run_may_be_interrupted_again_and_again(
    catalog: Catalog, whole: Whole, tmp_path: Path
) -> None:
    interrupt(Run(catalog, whole.run_config, tmp_path), 2)
    for step in (3, 6, 11):
        interrupt(resume(catalog, tmp_path), step)
    abandon(resume(catalog, tmp_path), 13)
    resume_to_end(catalog, tmp_path)
    assert contents(tmp_path) == whole.contents


def test_saving_more_or_less_often_changes_no_weight(
    catalog: Catalog, text_file: Path, trained_once: Path, tmp_path: Path
) -> None:
    train(catalog, small_run_config(catalog, text_file, trainer={"save_every": 1e6}), tmp_path)
    for name in ("model.safetensors", "history.jsonl"):
        assert (tmp_path / name).read_bytes() == (trained_once / name).read_bytes()


def test_the_same_seed_gives_the_same_bytes(
    catalog: Catalog, run_config: RunConfig, trained_once: Path, tmp_path: Path
) -> None:
    train(catalog, run_config, tmp_path)
    assert contents(tmp_path) == contents(trained_once)


def test_another_seed_gives_other_weights(
    catalog: Catalog, run_config: RunConfig, trained_once: Path, tmp_path: Path
) -> None:
    other = RunConfig(**run_config.to_json() | {"seed": 4})
    train(catalog, other, tmp_path)
    assert contents(tmp_path)["model.safetensors"] != contents(trained_once)["model.safetensors"]


def test_resuming_removes_the_manifest_first(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    interrupt(Run(catalog, run_config, tmp_path), 3)
    next(resume(catalog, tmp_path).events())
    assert not (tmp_path / "config.json").exists()
    assert not read_checkpoint(catalog, tmp_path).finished


@pytest.fixture
def hopeless(catalog: Catalog, text_file: Path) -> RunConfig:
    """A run config that diverges."""
    trainer = {"optimizer": "SGD", "learning_rate": 1e38, "clip_norm": None, "schedule": None}
    return small_run_config(catalog, text_file, trainer=trainer)


def test_a_run_that_diverges_says_where_and_what_to_try(
    catalog: Catalog, hopeless: RunConfig, tmp_path: Path
) -> None:
    with pytest.raises(DivergedError, match=r"epoch 1, step \d+: .*--trainer\.learning-rate"):
        train(catalog, hopeless, tmp_path)


def test_a_run_that_diverged_leaves_finite_weights(
    catalog: Catalog, hopeless: RunConfig, tmp_path: Path
) -> None:
    with pytest.raises(DivergedError):
        train(catalog, hopeless, tmp_path)
    checkpoint = read_checkpoint(catalog, tmp_path)
    assert not checkpoint.finished
    assert all_finite(checkpoint.model.state_dict())


def test_weights_that_are_not_finite_are_not_saved(
    catalog: Catalog, text_file: Path, tmp_path: Path
) -> None:
    run = Run(catalog, small_run_config(catalog, text_file, trainer={"save_every": 0.0}), tmp_path)
    events = run.events()
    while run.loop.progress.steps < 2:
        next(events)
    with torch.no_grad():
        next(run.loop.model.parameters()).fill_(torch.nan)
    with pytest.raises(DivergedError, match="step 2: weights that are not finite"):
        next(events)
    assert all_finite(read_checkpoint(catalog, tmp_path).model.state_dict())


def test_the_events_come_in_order(catalog: Catalog, run_config: RunConfig, tmp_path: Path) -> None:
    events = list(Run(catalog, run_config, tmp_path).events())
    kinds = [type(event) for event in events]
    assert kinds[:2] == [Saved, Started]
    assert kinds[-1] is Finished
    started = next(event for event in events if isinstance(event, Started))
    assert kinds.count(EpochEnded) == started.epochs == 3
    assert kinds.count(Stepped) == read_manifest(tmp_path).steps


def test_the_run_config_on_disk_holds_what_auto_was_resolved_to(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    auto = RunConfig(**run_config.to_json() | {"threads": 0, "backend": "auto", "device": "cpu"})
    train(catalog, auto, tmp_path)
    written = read_manifest(tmp_path).run_config
    assert (written.device, written.backend in ("native", "portable")) == ("cpu", True)
    assert written.threads == 1 == torch.get_num_threads()


@pytest.mark.parametrize("kind", [Saved, Started, EpochEnded])
def test_ctrl_c_may_come_at_any_event(
    catalog: Catalog, run_config: RunConfig, trained_once: Path, tmp_path: Path, kind: type[Event]
) -> None:
    events = Run(catalog, run_config, tmp_path).events()
    next(event for event in events if isinstance(event, kind))
    with pytest.raises(KeyboardInterrupt):
        events.throw(KeyboardInterrupt())
    resume_to_end(catalog, tmp_path)
    assert contents(tmp_path) == contents(trained_once)


@pytest.fixture
def default_interrupt() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, though a shell may start the tests with it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("default_interrupt")
def test_ctrl_c_within_a_step_keeps_to_the_last_saved_state(
    catalog: Catalog,
    run_config: RunConfig,
    trained_once: Path,
    tmp_path: Path,
) -> None:
    run = Run(catalog, run_config, tmp_path)

    def strike(*step: object) -> None:
        if run.loop.progress.steps == 4:  # the weights are those of the fifth step already
            signal.raise_signal(signal.SIGINT)

    run.loop.train_step.optimizer.register_step_post_hook(strike)
    with pytest.raises(KeyboardInterrupt):
        finish(run)
    assert not (tmp_path / "config.json").exists()
    resume_to_end(catalog, tmp_path)
    assert contents(tmp_path) == contents(trained_once)


def test_resuming_uses_the_recorded_number_of_threads(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    one = replace(run_config, threads=1)
    interrupt(Run(catalog, one, tmp_path), 2)
    torch.set_num_threads(2)
    run = resume(catalog, tmp_path)
    seen: list[int] = []
    run.loop.model.register_forward_hook(lambda *_: seen.append(torch.get_num_threads()))
    for _ in run.events():
        assert torch.get_num_threads() == 2  # whoever listens keeps their own
    assert set(seen) == {1}


def test_patience_ends_a_run_whose_best_weights_are_written(
    catalog: Catalog, text_file: Path, tmp_path: Path
) -> None:
    trainer = {"epochs": 40, "learning_rate": 1.0, "patience": 2, "schedule": None}
    finished = train(catalog, small_run_config(catalog, text_file, trainer=trainer), tmp_path)
    losses = [row["metrics"]["validation"]["loss"] for row in read_history(tmp_path)]
    checkpoint = read_checkpoint(catalog, tmp_path)
    metrics = evaluate(checkpoint.model, checkpoint.dataset, checkpoint.trainer, "validation")
    assert finished.reason == "patience"
    assert metrics["loss"] == min(losses) < losses[-1]
    assert finished.manifest.metrics["validation"] == metrics


def test_a_budget_ends_a_run_that_counts_as_finished(
    catalog: Catalog, run_config: RunConfig, tmp_path: Path
) -> None:
    finished = train(catalog, RunConfig(**run_config.to_json() | {"budget": 1e-9}), tmp_path)
    assert (finished.reason, finished.manifest.steps) == ("budget", 1)
    assert read_checkpoint(catalog, tmp_path).finished


@pytest.mark.parametrize("split", ["validation", "test"])
def test_ctrl_c_in_an_evaluation_is_resumed_bit_for_bit(
    catalog: Catalog, run_config: RunConfig, trained_once: Path, tmp_path: Path, split: str
) -> None:
    events = Run(catalog, run_config, tmp_path).events()
    next(event for event in events if isinstance(event, Evaluated) and event.split == split)
    with pytest.raises(KeyboardInterrupt):
        events.throw(KeyboardInterrupt())
    assert "test" not in read_checkpoint(catalog, tmp_path).metrics
    resume_to_end(catalog, tmp_path)
    assert contents(tmp_path) == contents(trained_once)


def test_a_trained_run_survives_an_evaluation_and_a_curve_that_fail(
    catalog: Catalog,
    run_config: RunConfig,
    trained_once: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    run = Run(catalog, run_config, tmp_path)
    evaluate = run.loop._evaluate

    def failing(split: str) -> Generator[Evaluated, None, dict[str, float]]:
        if split == "test":
            raise MemoryError
        return (yield from evaluate(split))

    def no_curve(*arguments: object) -> bytes:
        raise RuntimeError("no memory")

    monkeypatch.setattr(run.loop, "_evaluate", failing)
    monkeypatch.setattr("zoo_core.runtime.checkpoints.checkpoint.training_curve", no_curve)
    finished = finish(run)
    assert finished.manifest.status == "finished"
    assert finished.manifest.metrics.keys() == {"train", "validation"}
    assert "test was not evaluated: MemoryError; try: zoo evaluate" in caplog.text
    assert "cannot make curve.png: no memory" in caplog.text
    assert contents(tmp_path)["model.safetensors"] == contents(trained_once)["model.safetensors"]


def test_a_run_may_start_from_the_weights_of_another(
    catalog: Catalog, run_config: RunConfig, trained_once: Path, tmp_path: Path
) -> None:
    source = read_checkpoint(catalog, trained_once)
    run = Run(catalog, run_config, tmp_path, signature=source.signature, weights=source.weights)
    torch.testing.assert_close(run.loop.model.state_dict(), source.weights, rtol=0, atol=0)


def test_products_in_bfloat16_leave_the_weights_in_single_precision(
    catalog: Catalog, run_config: RunConfig, trained_once: Path, tmp_path: Path
) -> None:
    train(catalog, RunConfig(**run_config.to_json() | {"precision": "bf16"}), tmp_path)
    weights = read_checkpoint(catalog, tmp_path).weights
    assert {tensor.dtype for tensor in weights.values()} == {torch.float32}
    assert contents(tmp_path)["model.safetensors"] != contents(trained_once)["model.safetensors"]


def test_every_backend_learns_the_same(catalog: Catalog, text_file: Path, tmp_path: Path) -> None:
    run_config = small_run_config(
        catalog, text_file, trainer={"optimizer": "SGD", "learning_rate": 0.5}
    )
    losses = [
        train(
            catalog, RunConfig(**run_config.to_json() | {"backend": name}), tmp_path / name
        ).manifest.metrics
        for name in ("reference", "torch", "portable")
    ]
    expected, *others = (metrics["validation"]["loss"] for metrics in losses)
    assert others == pytest.approx([expected] * 2, rel=1e-5)


def test_a_run_can_be_watched_between_two_saved_states(
    catalog: Catalog, text_file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("zoo_core.runtime.run.LOG_INTERVAL", 0.0)
    run_config = small_run_config(catalog, text_file, trainer={"save_every": 1e6, "epochs": 2})
    steps, epochs, saved = [], [], 0
    for event in Run(catalog, run_config, tmp_path).events():
        steps.append(len(read_steps(tmp_path)))
        epochs.append(len(read_epochs(tmp_path)))
        saved += isinstance(event, Saved)
    assert steps == sorted(steps)
    assert len(set(steps)) > 3  # while there is one state
    assert saved == 1
    assert (epochs[0], epochs[-1]) == (0, 2)  # those of a state, then of the finished run


@pytest.mark.xdist_group("compiler")
def test_compiled_code_is_not_compiled_again(
    catalog: Catalog, text_file: Path, tmp_path: Path
) -> None:
    run_config = small_run_config(catalog, text_file)
    with pytest.raises(MisfitError, match="leave --compile out"):
        Run(catalog, replace(run_config, backend="native", compile=True), tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow
def test_a_compiled_model_gives_the_same_curve(
    catalog: Catalog, text_file: Path, tmp_path: Path
) -> None:
    """The compiler takes a minute."""
    settings: dict[str, dict[str, Any]] = {
        "model": {"dropout": 0.0, "num_layers": 1},
        "dataset": {"steps": 4},
        "trainer": {"epochs": 1},
    }
    run_config = replace(small_run_config(catalog, text_file, **settings), backend="reference")
    losses = []
    for compiled in (False, True):
        finished = train(catalog, replace(run_config, compile=compiled), tmp_path / str(compiled))
        losses.append(finished.manifest.metrics["train"]["loss"])
    assert losses[1] == pytest.approx(losses[0], rel=1e-4)
