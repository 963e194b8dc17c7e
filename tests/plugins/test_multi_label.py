"""The multi-label trainer: its loss equals torch's, its metrics are counted by hand."""

from __future__ import annotations

import math

import pytest
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy

from zoo_core import Classes, Features, Keys, Signature
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn import Batch, Output
from zoo_core.runtime.training.trainer import add_sums
from zoo_train.configs import MultiLabelConfig
from zoo_train.multi_label import MultiLabelTrainer

SIGNATURE = Signature(inputs=Features(3), outputs=Keys(3, per="step", names=("c", "e", "g")))
TARGETS = torch.tensor(
    [[[1.0, 0.0, 1.0], [0.0, 0.0, 0.0]], [[1.0, 1.0, 0.0], [0.0, 1.0, 0.0]]], dtype=torch.float64
)
LOGITS = torch.tensor(
    [[[2.0, 1.0, -1.0], [-2.0, -1.0, -3.0]], [[3.0, -1.0, 0.5], [-1.0, 4.0, -2.0]]],
    dtype=torch.float64,
)
"""Hits: 3; false alarms: 2; misses: 2."""


def trainer() -> MultiLabelTrainer:
    return MultiLabelTrainer(MultiLabelConfig(), SIGNATURE)


def batch(targets: Tensor = TARGETS) -> Batch:
    return Batch(torch.zeros(2, 2, 3), targets)


def metrics(*targets: Tensor) -> dict[str, float]:
    totals: dict[str, float] = {}
    of, output = trainer(), Output(LOGITS, None)
    for labels in targets:
        sums = {name: float(value) for name, value in of.sums(output, batch(labels)).items()}
        add_sums(totals, float(of.loss(output, batch(labels))), sums)
    return of.metrics(totals)


def test_the_loss_is_the_binary_cross_entropy_of_a_step() -> None:
    expected = binary_cross_entropy(LOGITS.sigmoid(), TARGETS, reduction="sum") / 4
    loss = trainer().loss(Output(LOGITS, None), batch())
    assert loss.item() == pytest.approx(expected.item(), abs=1e-12)


def test_steps_without_targets_do_not_count() -> None:
    padded = TARGETS.clone()
    padded[1, 1] = math.nan
    probabilities = LOGITS.sigmoid()
    expected = binary_cross_entropy(probabilities[0], TARGETS[0], reduction="sum")
    expected = expected + binary_cross_entropy(probabilities[1, 0], TARGETS[1, 0], reduction="sum")
    values = metrics(padded)
    assert values["loss"] == pytest.approx(expected.item() / 3, abs=1e-12)
    assert values["precision"] == pytest.approx(2 / 4, abs=1e-12)
    assert values["recall"] == pytest.approx(2 / 4, abs=1e-12)


def test_precision_recall_and_f1_are_counted_over_all_keys() -> None:
    values = metrics(TARGETS, TARGETS)
    assert values["precision"] == pytest.approx(3 / 5, abs=1e-12)
    assert values["recall"] == pytest.approx(3 / 5, abs=1e-12)
    assert values["f1"] == pytest.approx(6 / 10, abs=1e-12)
    assert values["accuracy"] == pytest.approx(3 / 7, abs=1e-12)
    assert values.keys() == trainer().objective.directions.keys()


def test_a_ratio_of_nothing_to_nothing_is_one() -> None:
    of = trainer()
    sums = {"loss": 1.0, "targets": 1, "true_positives": 0}
    values = of.metrics(sums | {"false_positives": 0, "false_negatives": 0})
    assert values["precision"] == values["recall"] == values["f1"] == values["accuracy"] == 1


def test_the_report_has_a_row_for_every_key() -> None:
    (table,) = trainer().report(trainer().report_sums(Output(LOGITS, None), batch()))
    rows = {row["class"]: row for row in table.to_json()}
    assert rows["c"] == {"class": "c", "precision": 1, "recall": 1, "f1": 1, "targets": 2}
    assert rows["e"]["precision"] == 0.5
    assert rows["g"]["recall"] == 0
    assert rows["(mean)"]["recall"] == pytest.approx((1 + 1 / 2 + 0) / 3)


def test_other_outputs_than_keys_are_refused() -> None:
    with pytest.raises(MisfitError, match="trains on keys"):
        MultiLabelTrainer(MultiLabelConfig(), Signature(inputs=Features(3), outputs=Classes(3)))
