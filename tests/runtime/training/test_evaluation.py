"""Evaluation of a model on a split."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch.nn.functional import cross_entropy

from tests.runtime.runs import small_run_config, train
from zoo_core.errors import DataError
from zoo_core.plugins.catalog import Catalog
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint, read_checkpoint
from zoo_core.runtime.training.evaluation import Evaluation, evaluate, evaluation_steps
from zoo_core.runtime.training.events import Evaluated


@pytest.fixture(scope="module", params=["sequential", "random"])
def checkpoint(
    request: pytest.FixtureRequest,
    catalog: Catalog,
    text_file: Path,
    tmp_path_factory: pytest.TempPathFactory,
) -> Checkpoint:
    """A checkpoint after a short training on windows of either kind."""
    dataset = {"sampling": request.param, "test": 0.3}
    run_config = small_run_config(
        catalog, text_file, dataset=dataset, trainer={"epochs": 1, "batch_size": 2}
    )
    folder = tmp_path_factory.mktemp("evaluated")
    train(catalog, run_config, folder)
    return read_checkpoint(catalog, folder)


def judge(checkpoint: Checkpoint, split: str = "test") -> dict[str, float]:
    """The metrics of a checkpoint on a split."""
    return evaluate(checkpoint.model, checkpoint.dataset, checkpoint.trainer, split)


def by_hand(checkpoint: Checkpoint) -> tuple[float, float]:
    """Loss and accuracy on the test split, target by target."""
    state, losses, right = None, [], []
    for batch in checkpoint.dataset.batches("test", 2, seed=0, epoch=0):
        output = checkpoint.model(batch, state if batch.carry else None)
        state = output.state
        assert batch.targets is not None
        targets = batch.targets.flatten()
        logits = output.logits.flatten(0, 1).double()
        losses.append(cross_entropy(logits, targets, reduction="none"))
        right.append(logits.argmax(1) == targets)
    return torch.cat(losses).mean().item(), torch.cat(right).double().mean().item()


def test_metrics_are_means_over_all_targets(checkpoint: Checkpoint) -> None:
    loss, accuracy = by_hand(checkpoint)
    metrics = judge(checkpoint)
    assert metrics["loss"] == pytest.approx(loss, rel=1e-5)
    assert metrics["accuracy"] == pytest.approx(accuracy, abs=1e-12)
    assert metrics["perplexity"] == pytest.approx(math.exp(loss), rel=1e-5)
    assert metrics["bits_per_character"] == pytest.approx(loss / math.log(2), rel=1e-5)


def test_the_manifest_holds_what_evaluation_finds(checkpoint: Checkpoint) -> None:
    for split in ("validation", "test"):
        assert checkpoint.metrics[split] == judge(checkpoint, split)


def test_evaluation_repeats_and_touches_neither_weights_nor_randomness(
    checkpoint: Checkpoint,
) -> None:
    before = {name: tensor.clone() for name, tensor in checkpoint.model.state_dict().items()}
    generator = torch.get_rng_state()
    assert judge(checkpoint) == judge(checkpoint)
    torch.testing.assert_close(dict(checkpoint.model.state_dict()), before, rtol=0, atol=0)
    assert torch.equal(torch.get_rng_state(), generator)


def test_evaluation_turns_dropout_off_and_restores_the_training_mode(
    checkpoint: Checkpoint,
) -> None:
    expected = judge(checkpoint)
    checkpoint.model.train()
    metrics = judge(checkpoint)
    left = checkpoint.model.training
    checkpoint.model.eval()
    assert metrics == expected
    assert left


def test_evaluation_makes_no_gradients(checkpoint: Checkpoint) -> None:
    judge(checkpoint)
    assert all(parameter.grad is None for parameter in checkpoint.model.parameters())


def test_a_large_batch_is_evaluated_in_pieces(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    classes, sizes = checkpoint.signature.outputs.width, []
    # The state is carried from piece to piece, whether or not it is from batch to batch.
    monkeypatch.setattr(checkpoint.trainer, "carries_state", False)
    whole = judge(checkpoint)
    limit = 7 * classes  # of a batch of 2 rows of 10 steps
    monkeypatch.setattr("zoo_core.runtime.training.evaluation.MAX_LOGITS", limit)
    hook = checkpoint.model.register_forward_hook(
        lambda model, inputs, output: sizes.append(output.logits.numel() // classes)
    )
    assert judge(checkpoint) == pytest.approx(whole, rel=1e-5)
    assert max(sizes) == 8  # 2 rows of 4 steps
    sizes.clear()
    # A model that does not carry its state, such as one of two directions, is fed whole rows.
    monkeypatch.setattr(checkpoint.model, "carries_state", False)
    assert judge(checkpoint) == pytest.approx(whole, rel=1e-5)
    assert max(sizes) == 10
    hook.remove()


def test_a_time_limit_leaves_a_sample(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts = (checkpoint.model, checkpoint.dataset, checkpoint.trainer)
    batches: list[object] = []
    hook = checkpoint.model.register_forward_hook(lambda *seen: batches.append(seen))
    monkeypatch.setattr(
        "zoo_core.runtime.training.evaluation.time.monotonic", lambda: float(len(batches))
    )
    events: list[Evaluated] = []

    def carry_out(**limits: Any) -> Evaluation:
        steps = evaluation_steps(*parts, "train", **limits)
        while True:
            try:
                events.append(next(steps))
            except StopIteration as end:
                evaluation: Evaluation = end.value
                return evaluation

    limited = carry_out(seconds=4)  # a batch takes a second
    assert len(limited.sample) == 4 < limited.batches == events[0].batches
    assert limited.coverage == 4 / limited.batches
    numbers = [event.batch for event in events]
    # Batches that carry no state are taken from the whole split.
    *_, last = checkpoint.dataset.batches("train", 2, seed=0, epoch=0)
    assert (numbers == [1, 2, 3, 4]) == last.carry
    events.clear()
    assert carry_out(sample=limited.sample).metrics == limited.metrics
    assert carry_out().coverage == 1
    hook.remove()


def test_a_split_without_a_batch_is_refused(
    checkpoint: Checkpoint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(checkpoint.dataset), "batch_count", lambda *arguments, **order: 0)
    with pytest.raises(DataError, match="split test is too small for one batch; hold out more"):
        judge(checkpoint)


def test_a_missing_split_is_named(checkpoint: Checkpoint) -> None:
    with pytest.raises(DataError, match=r"has no split 'dev'; it has train, validation, test"):
        judge(checkpoint, "dev")
