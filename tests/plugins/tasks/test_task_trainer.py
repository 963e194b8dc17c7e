"""The metrics of the trainer of tasks."""

from __future__ import annotations

import pytest
import torch

from zoo_core import Classes, Features, Signature, Tokens, Values
from zoo_core.errors import MisfitError
from zoo_core.runtime.nn import IGNORED, Batch, Output
from zoo_tasks.configs import TaskConfig
from zoo_tasks.trainer import TaskTrainer


def trainer(classes: int, per: str) -> TaskTrainer:
    outputs = Classes(classes, per=per)  # type: ignore[arg-type]
    return TaskTrainer(TaskConfig(), Signature(inputs=Tokens(3), outputs=outputs))


def likeliest(classes: list[list[int]], size: int) -> Output:
    """The output whose likeliest class of each step is given, by 1 over the others."""
    return Output(torch.eye(size)[torch.tensor(classes)], None)


def test_accuracy_is_scaled_from_a_guess_to_no_error() -> None:
    part = trainer(4, "sequence")
    output = Output(torch.eye(4)[torch.tensor([0, 1, 2, 3])], None)
    batch = Batch(torch.zeros(4, 2, dtype=torch.long), torch.tensor([0, 1, 2, 0]))
    sums = {name: value.item() for name, value in part.sums(output, batch).items()}
    metrics = part.metrics(sums | {"loss": 2.0})
    assert metrics == pytest.approx({"loss": 0.5, "accuracy": 0.75, "scaled_accuracy": 2 / 3})


def test_a_row_matches_if_no_counted_label_is_wrong() -> None:
    part = trainer(2, "step")
    output = likeliest([[0, 1, 1], [1, 1, 0], [0, 0, 0]], 2)
    targets = torch.tensor([[0, 1, IGNORED], [1, 0, 0], [IGNORED, IGNORED, 0]])
    batch = Batch(torch.zeros(3, 3, dtype=torch.long), targets, torch.tensor([2, 3, 3]))
    sums = {name: value.item() for name, value in part.sums(output, batch).items()}
    assert sums == {"correct": 5, "targets": 6, "exact": 2, "rows": 3}
    metrics = part.metrics(sums | {"loss": 6.0})
    assert metrics["exact_match"] == pytest.approx(2 / 3)
    assert metrics["accuracy"] == pytest.approx(5 / 6)


def test_an_evaluation_tells_lengths_apart_by_powers_of_two() -> None:
    part = trainer(2, "step")
    output = likeliest([[0] * 5, [0] * 5, [1] * 5], 2)
    targets = torch.zeros(3, 5, dtype=torch.long)
    lengths = torch.tensor([2, 4, 5])
    targets[torch.arange(5) >= lengths[:, None]] = IGNORED
    batch = Batch(torch.zeros(3, 5, dtype=torch.long), targets, lengths)
    (table,) = part.report(part.report_sums(output, batch))
    assert table.columns == ("steps", "rows", "accuracy", "exact_match")
    assert [list(row) for row in table.rows] == [
        ["1–2", 1, 1.0, 1.0],
        ["3–4", 1, 1.0, 1.0],
        ["5–8", 1, 0.0, 0.0],
    ]


def test_values_are_refused() -> None:
    signature = Signature(inputs=Features(1), outputs=Values(1))
    with pytest.raises(MisfitError, match="task trains on classes"):
        TaskTrainer(TaskConfig(), signature)
