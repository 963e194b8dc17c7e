"""Weights of classes, label smoothing, and the tables of an evaluation."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import nn

import zoo_core
from zoo_core import Classes, Signature, Tokens
from zoo_core.errors import ConfigError
from zoo_core.runtime.nn import IGNORED, Batch, Output
from zoo_core.runtime.training.trainer import AbstractTrainer, add_sums
from zoo_train.configs import NextTokenConfig, SupervisedConfig
from zoo_train.next_token import NextTokenTrainer
from zoo_train.supervised import MAX_REPORTED_CLASSES, SupervisedTrainer

C = 3
LABELS = Signature(inputs=Tokens(C), outputs=Classes(C, per="step", names=("a", "b", "c")))
COUNTED = Signature(inputs=Tokens(C), outputs=Classes(C, per="step", counts=(1, 2, 3)))
NEXT = Signature(inputs=Tokens(C), outputs=Classes(C, per="step", next_token=True))
GENERATOR = torch.Generator().manual_seed(0)
LOGITS = torch.randn(2, 4, C, generator=GENERATOR, dtype=torch.float64)
TARGETS = torch.tensor([[0, 1, 2, 2], [0, IGNORED, 1, IGNORED]])
BATCH = Batch(torch.zeros(2, 4, dtype=torch.long), TARGETS)
WEIGHTS = torch.tensor([0.5, 1.0, 3.0], dtype=torch.float64)


def metrics(trainer: AbstractTrainer, *rows: slice) -> dict[str, float]:
    """Returns the metrics of some rows, a batch each."""
    totals: dict[str, float] = {}
    for chosen in rows:
        output = Output(LOGITS[chosen], None)
        batch = Batch(BATCH.inputs[chosen], TARGETS[chosen])
        sums = {name: float(value) for name, value in trainer.sums(output, batch).items()}
        add_sums(totals, float(trainer.loss(output, batch)), sums)
    return trainer.metrics(totals)


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("weights", [None, "0.5 1 3"])
@pytest.mark.parametrize("name", ["supervised", "next-token"])
def test_the_loss_of_all_batches_is_torchs(
    name: str, weights: str | None, smoothing: float
) -> None:
    if name == "supervised":
        config = SupervisedConfig(class_weights=weights, label_smoothing=smoothing)
        trainer: AbstractTrainer = SupervisedTrainer(config, LABELS)
    else:
        next_config = NextTokenConfig(class_weights=weights, label_smoothing=smoothing)
        trainer = NextTokenTrainer(next_config, NEXT)
    oracle = nn.CrossEntropyLoss(
        weight=WEIGHTS if weights else None, label_smoothing=smoothing, ignore_index=IGNORED
    )
    expected = oracle(LOGITS.flatten(0, 1), TARGETS.flatten()).item()
    values = metrics(trainer, slice(0, 1), slice(1, 2))
    assert values["loss"] == pytest.approx(expected, abs=1e-12)
    plain = nn.CrossEntropyLoss()(LOGITS.flatten(0, 1), TARGETS.flatten()).item()
    assert values.get("cross_entropy", values["loss"]) == pytest.approx(plain, abs=1e-12)
    if name == "next-token":
        assert values["perplexity"] == pytest.approx(math.exp(plain), abs=1e-12)
    assert values.keys() <= trainer.objective.directions.keys()


def test_balanced_weights_are_the_inverse_of_the_frequencies() -> None:
    trainer = SupervisedTrainer(SupervisedConfig(class_weights="balanced"), COUNTED)
    weights = torch.tensor([6 / 3, 6 / 6, 6 / 9], dtype=torch.float64)
    expected = nn.CrossEntropyLoss(weight=weights)(LOGITS.flatten(0, 1), TARGETS.flatten())
    assert trainer.loss(Output(LOGITS, None), BATCH).item() == pytest.approx(expected.item())


@pytest.mark.parametrize("text", ["1 2", "1 2 0", "1 2 -3", "heavy", "", "1 2 nan"])
def test_weights_that_do_not_fit_the_classes_are_refused(text: str) -> None:
    with pytest.raises(
        ConfigError, match=r"^trainer\.class_weights = .*: expected 3 numbers above"
    ):
        SupervisedTrainer(SupervisedConfig(class_weights=text), LABELS)


def test_a_class_that_training_lacks_has_the_balanced_weight_of_a_single_target() -> None:
    outputs = Classes(C, per="step", counts=(0, 2, 4))
    trainer = SupervisedTrainer(
        SupervisedConfig(class_weights="balanced"), Signature(inputs=Tokens(C), outputs=outputs)
    )
    assert trainer.cross_entropy.weights == (6 / 3, 6 / 6, 6 / 12)


def test_balanced_weights_need_counts() -> None:
    with pytest.raises(ConfigError, match="does not count its classes"):
        SupervisedTrainer(SupervisedConfig(class_weights="balanced"), LABELS)


def test_a_run_counts_the_classes_where_the_data_does_not(tmp_path: Path) -> None:
    rows = "".join(f"text {number},{'a' if number % 4 else 'b'}\n" for number in range(40))
    (tmp_path / "rows.csv").write_text(f"text,label\n{rows}")
    settings: dict[str, dict[str, Any]] = {
        "model": {"hidden_size": 4},
        "dataset": {"path": tmp_path / "rows.csv", "validation": 0.2, "test": 0.0},
        "trainer": {"epochs": 1, "class_weights": "balanced"},
    }
    zoo_core.train("gru-embed", tmp_path / "run", dataset="labelled", settings=settings)
    checkpoint = zoo_core.load(tmp_path / "run")
    assert checkpoint.signature.outputs == Classes(2, names=("a", "b"), counts=(24, 8))
    trainer = zoo_core.resume(tmp_path / "run", epochs=2).trainer
    assert isinstance(trainer, SupervisedTrainer)
    assert trainer.cross_entropy.weights == (32 / (2 * 24), 32 / (2 * 8))
    assert "cross_entropy" in zoo_core.evaluate(checkpoint)["validation"]


def test_the_tables_are_counted_by_hand() -> None:
    predicted = [[0, 2, 2, 1], [1, 0, 1, 2]]
    logits = nn.functional.one_hot(torch.tensor(predicted), C).double()
    trainer = SupervisedTrainer(SupervisedConfig(), LABELS)
    classes, matrix = trainer.report(trainer.report_sums(Output(logits, None), BATCH))
    expected = [[0] * C for _ in range(C)]
    for targets, guesses in zip(TARGETS.tolist(), predicted, strict=True):
        for target, guess in zip(targets, guesses, strict=True):
            if target != IGNORED:
                expected[target][guess] += 1
    assert [list(row) for row in matrix.rows] == [
        ["a", *expected[0]],
        ["b", *expected[1]],
        ["c", *expected[2]],
    ]
    assert [list(row) for row in classes.rows[:3]] == [
        ["a", 1.0, 1 / 2, 2 / 3, 2],
        ["b", 1 / 3, 1 / 2, 2 / 5, 2],
        ["c", 1 / 2, 1 / 2, 1 / 2, 2],
    ]
    assert classes.rows[3][0] == "(mean)"
    assert classes.rows[3][3] == pytest.approx((2 / 3 + 2 / 5 + 1 / 2) / 3)


def test_a_class_that_is_never_met_has_no_precision() -> None:
    trainer = SupervisedTrainer(SupervisedConfig(), LABELS)
    batch = Batch(BATCH.inputs[:, :1], torch.tensor([[0], [0]]))
    logits = torch.tensor([[[1.0, 0.0, 0.0]], [[1.0, 0.0, 0.0]]])
    classes, _ = trainer.report(trainer.report_sums(Output(logits, None), batch))
    assert list(classes.rows[1]) == ["b", None, None, None, 0]
    assert list(classes.rows[3]) == ["(mean)", 1.0, 1.0, 1.0, 2]


def test_very_many_classes_have_no_tables() -> None:
    classes = MAX_REPORTED_CLASSES + 1
    signature = Signature(inputs=Tokens(classes), outputs=Classes(classes, per="step"))
    trainer = SupervisedTrainer(SupervisedConfig(), signature)
    batch = Batch(torch.zeros(1, 2, dtype=torch.long), torch.zeros(1, 2, dtype=torch.long))
    sums = trainer.report_sums(Output(torch.zeros(1, 2, classes), None), batch)
    assert trainer.report(sums) == []
    assert sums == {}
