"""The training loop: its data, when it stops, and the weights that it keeps."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import asdict
from itertools import count
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor

from tests.runtime.runs import small_run_config
from zoo_core.errors import DataError, DivergedError, IntegrityError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.objective import Objective
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.build import make_dataset, make_model, make_trainer
from zoo_core.runtime.nn import AbstractModel
from zoo_core.runtime.nn.batch import leaves
from zoo_core.runtime.training.events import EpochEnded, Evaluated, Stepped
from zoo_core.runtime.training.loop import Loop
from zoo_train import next_token

Loops = Callable[..., Loop]


@pytest.fixture
def loop_of(catalog: Catalog, text_file: Path) -> Loops:
    """Makes a loop from settings by section, and how it is run."""

    def make(budget: float = 0.0, token_budget: int = 0, **settings: dict[str, Any]) -> Loop:
        run_config: RunConfig = small_run_config(catalog, text_file, **settings)
        torch.manual_seed(run_config.seed)
        dataset = make_dataset(catalog, run_config, None)
        model = make_model(catalog, run_config, dataset.signature)
        trainer = make_trainer(catalog, run_config, dataset.signature)
        return Loop(
            model,
            dataset,
            trainer,
            seed=run_config.seed,
            budget=budget,
            token_budget=token_budget,
        )

    return make


def ended(loop: Loop) -> list[EpochEnded]:
    """The epochs of a loop that runs to its end."""
    return [event for event in loop.events() if isinstance(event, EpochEnded)]


def weights(loop: Loop) -> list[Tensor]:
    """A copy of the model's weights."""
    return [parameter.detach().clone() for parameter in loop.model.parameters()]


def test_every_batch_of_every_epoch_is_one_step(loop_of: Loops) -> None:
    loop = loop_of()
    steps = [event for event in loop.events() if isinstance(event, Stepped)]
    assert len(steps) == sum(loop.batch_count(epoch) for epoch in (1, 2, 3))
    assert [event.batch for event in steps if event.epoch == 2] == [
        *range(1, loop.batch_count(2) + 1)
    ]
    assert loop.stop_reason == "epochs"


def test_a_sample_is_made_in_evaluation_mode(
    loop_of: Loops, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes: list[bool] = []

    def generate(model: AbstractModel, *_: object) -> Iterator[int]:
        modes.append(model.training)
        if len(modes) > 1:
            raise IntegrityError("no sample")
        yield 0

    monkeypatch.setattr(next_token, "generate", generate)
    loop = loop_of(trainer={"prompt": "the", "prompt_every": 1})
    assert loop.model.training
    with pytest.raises(DivergedError, match="epoch 1: no sample"):
        ended(loop)
    assert modes == [False, False]
    assert loop.model.training, "the model keeps the mode that it had, whatever a sample raises"


def test_a_held_out_split_without_a_batch_is_refused_before_training(loop_of: Loops) -> None:
    with pytest.raises(DataError, match="split test has 1 symbol, evaluation needs 2"):
        loop_of(dataset={"test": 0.002})


def test_the_loss_falls(loop_of: Loops) -> None:
    trainer = {"epochs": 12, "schedule": None, "learning_rate": 0.03}
    losses = [event.metrics["train"]["loss"] for event in ended(loop_of(trainer=trainer))]
    assert losses[-1] < 0.8 * losses[0]


def test_targets_are_counted(loop_of: Loops) -> None:
    loop = loop_of()
    last = [event for event in loop.events() if isinstance(event, Stepped)][-1]
    size, seed = loop.config.batch_size, loop.seed
    targets = [
        batch.targets
        for epoch in (1, 2, 3)
        for batch in loop.dataset.batches("train", size, seed, epoch)
    ]
    assert last.tokens == sum(target.numel() for target in targets if target is not None)


def test_patience_stops_and_the_best_weights_are_kept(loop_of: Loops) -> None:
    trainer = {"epochs": 40, "learning_rate": 1.0, "patience": 2, "schedule": None}
    loop = loop_of(trainer=trainer)
    losses, copies = [], []
    for event in loop.events():
        if isinstance(event, EpochEnded):
            losses.append(event.metrics["validation"]["loss"])
            copies.append(weights(loop))
    best = losses.index(min(losses))
    assert loop.stop_reason == "patience"
    assert len(losses) == best + 1 + 2 < 40
    kept = [loop.best_weights[name] for name, _ in loop.model.named_parameters()]
    torch.testing.assert_close(kept, copies[best], rtol=0, atol=0)


def test_the_last_weights_are_kept_if_so_configured(loop_of: Loops) -> None:
    trainer = {"epochs": 8, "learning_rate": 1.0, "schedule": None, "keep": "last"}
    loop = loop_of(trainer=trainer)
    losses = [event.metrics["validation"]["loss"] for event in ended(loop)]
    assert losses[-1] > min(losses)
    kept = [loop.best_weights[name] for name, _ in loop.model.named_parameters()]
    torch.testing.assert_close(kept, weights(loop), rtol=0, atol=0)
    assert loop.progress.metrics["validation"]["loss"] == losses[-1]


def test_an_epoch_knows_whether_it_is_the_best_so_far(loop_of: Loops) -> None:
    events = ended(loop_of(trainer={"epochs": 8, "learning_rate": 1.0, "schedule": None}))
    losses = [event.metrics["validation"]["loss"] for event in events]
    assert [event.best for event in events] == [
        loss == min(losses[: index + 1]) for index, loss in enumerate(losses)
    ]


def test_a_budget_stops_after_a_step(loop_of: Loops) -> None:
    loop = loop_of(budget=1e-9)
    events = list(loop.events())
    assert loop.stop_reason == "budget"
    assert [type(event) for event in events] == [Stepped, Evaluated, EpochEnded]
    assert isinstance(events[-1], EpochEnded)
    assert events[-1].share == loop.trained_epochs == 1 / loop.batch_count(1)


def test_an_evaluation_takes_a_share_of_the_budget_and_the_same_sample_each_time(
    loop_of: Loops, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = loop_of(dataset={"validation": 0.5}, budget=20.0)  # 2 seconds for an evaluation
    clock = count()
    monkeypatch.setattr("zoo_core.runtime.training.evaluation.time.monotonic", lambda: next(clock))
    batches = loop.dataset.batch_count("validation", loop.config.batch_size, seed=0, epoch=0)
    metrics = loop.evaluate("validation")
    assert 0 < metrics["coverage"] < 1
    evaluated = round(metrics["coverage"] * batches)
    clock = count(step=0)
    events = list(loop._evaluate("validation"))
    assert len(events) == evaluated
    assert loop.evaluate("validation") == metrics


def test_a_budget_of_tokens_stops_after_the_step_that_reaches_it(loop_of: Loops) -> None:
    whole = loop_of()
    steps = [event.tokens for event in whole.events() if isinstance(event, Stepped)]
    for budget, taken in ((1, 1), (steps[2], 3), (steps[2] + 1, 4), (steps[-1], len(steps))):
        loop = loop_of(token_budget=budget)
        assert len([event for event in loop.events() if isinstance(event, Stepped)]) == taken
        assert loop.progress.tokens == steps[taken - 1] >= budget
    assert loop.stop_reason == "epochs"


def test_a_large_budget_stops_nothing(loop_of: Loops) -> None:
    loop = loop_of(budget=1e9)
    assert len(ended(loop)) == 3
    assert loop.stop_reason == "epochs"


def test_gradients_are_clipped_to_the_norm(loop_of: Loops) -> None:
    trainer = {"optimizer": "SGD", "learning_rate": 1.0, "clip_norm": 1e-3, "schedule": None}
    loop = loop_of(trainer=trainer)
    before = weights(loop)
    next(iter(loop.events()))
    moved = [after - old for after, old in zip(weights(loop), before, strict=True)]
    norm = torch.cat([change.flatten() for change in moved]).norm().item()
    assert norm == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize(
    ("sampling", "carry", "is_carried"),
    [("sequential", True, True), ("sequential", False, False), ("random", True, False)],
)
def test_the_state_is_carried_where_data_and_trainer_allow_it(
    loop_of: Loops, sampling: str, carry: bool, is_carried: bool
) -> None:
    settings = {"dataset": {"sampling": sampling}, "trainer": {"carry_state": carry}}
    loop = loop_of(model={"dropout": 0.0}, **settings)
    events = loop.events()
    next(events)
    state = loop.carried_state
    batches = loop.dataset.batches("train", 4, loop.seed, 1, start=1)
    batch = next(batches)
    loop.model.train()
    answer = loop.model(batch, state if is_carried else None)
    loss = loop.trainer.loss(answer, batch).item()
    event = next(events)
    assert isinstance(event, Stepped)
    assert event.loss == loss


def test_without_validation_the_last_weights_count(loop_of: Loops) -> None:
    loop = loop_of(dataset={"validation": 0.0})
    events = ended(loop)
    assert [set(event.metrics) for event in events] == [{"train"}] * 3
    assert loop.best_weights == {}


def test_history_repeats_and_holds_the_rate(loop_of: Loops) -> None:
    first = loop_of()
    ended(first)
    again = loop_of()
    ended(again)
    assert first.progress.history == again.progress.history
    rates = [row["learning_rate"] for row in first.progress.history]
    assert rates == sorted(rates, reverse=True)
    assert rates[-1] == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("at", [0, 1, 6, 7, 11])
def test_a_restored_loop_continues_bit_for_bit(loop_of: Loops, at: int) -> None:
    first, other = loop_of(), loop_of()
    events = first.events()
    for _ in range(at):
        next(events)
    state = copy.deepcopy(first.capture())
    list(events)
    torch.manual_seed(99)
    other.restore(state)
    list(other.events())
    torch.testing.assert_close(weights(other), weights(first), rtol=0, atol=0)
    assert other.progress.history == first.progress.history


def test_evaluation_drops_nothing_and_leaves_the_mode_alone(loop_of: Loops) -> None:
    loop = loop_of()
    next(iter(loop.events()))
    loop.model.train()
    first, again = loop.evaluate("validation"), loop.evaluate("validation")
    assert first == again
    assert loop.model.training


def as_on_an_accelerator(loop: Loop) -> Loop:
    """Makes the loop read its metrics many steps at a time."""
    loop.train_step.checks_each_step = False
    return loop


def test_reading_metrics_seldom_changes_none(loop_of: Loops) -> None:
    often = loop_of()
    metrics = ended(often)[-1].metrics
    never = as_on_an_accelerator(loop_of())
    assert ended(never)[-1].metrics == metrics
    assert often.progress.history == never.progress.history
    assert often.progress.tokens == never.progress.tokens
    torch.testing.assert_close(weights(often), weights(never), rtol=0, atol=0)


def test_a_captured_state_counts_the_steps_whose_metrics_were_not_read(loop_of: Loops) -> None:
    still: dict[str, Any] = {"dropout": 0.0}
    often, never = loop_of(model=still), as_on_an_accelerator(loop_of(model=still))
    for loop in (often, never):
        events = loop.events()
        for _ in range(3):
            next(events)
    timeless = {"seconds", "step_seconds", "epoch_seconds"}
    snapshots = [asdict(loop.capture().progress) for loop in (often, never)]
    frequent, rare = (
        {k: v for k, v in values.items() if k not in timeless} for values in snapshots
    )
    assert frequent == rare
    assert frequent["totals"]["targets"] > 0


@pytest.mark.parametrize("checks_each_step", [True, False])
def test_a_step_that_diverged_is_named_however_late_it_is_seen(
    loop_of: Loops, checks_each_step: bool
) -> None:
    loop = loop_of()
    loop.train_step.checks_each_step = checks_each_step
    events = loop.events()
    next(events)
    with torch.no_grad():
        next(loop.model.parameters()).fill_(float("nan"))
    with pytest.raises(DivergedError, match="epoch 1, step 2: loss nan"):
        list(events)


def test_a_gradient_within_the_norm_is_left_as_it_is(loop_of: Loops) -> None:
    bounded = loop_of(trainer={"clip_norm": 1e6})
    ended(bounded)
    free = loop_of(trainer={"clip_norm": None})
    ended(free)
    torch.testing.assert_close(weights(bounded), weights(free), rtol=0, atol=0)


def test_a_validation_loss_that_is_no_number_ends_a_run_whatever_its_main_metric_is(
    loop_of: Loops, monkeypatch: pytest.MonkeyPatch
) -> None:
    values = {"loss": float("nan"), "accuracy": 0.5}
    monkeypatch.setattr(next_token.NextTokenTrainer, "objective", Objective("accuracy"))
    monkeypatch.setattr(next_token.NextTokenTrainer, "metrics", lambda trainer, sums: values)
    with pytest.raises(DivergedError, match="epoch 1: validation loss nan"):
        ended(loop_of(dataset={"validation": 0.2}))


def test_no_tensor_of_a_restored_loop_is_one_of_the_saved_state(loop_of: Loops) -> None:
    """Those of a file are memory-mapped, and the next save removes the file."""
    dataset = {"validation": 0.2}
    loop, other = (loop_of(dataset=dataset, trainer={"keep": "best"}) for _ in range(2))
    ended(loop)
    state = loop.capture()
    assert state.best_weights
    other.restore(state)
    own = {tensor.data_ptr() for tensor in leaves(list(other.capture()[:3]))}
    assert not own & {tensor.data_ptr() for tensor in leaves(list(state[:3])) if tensor.numel()}
