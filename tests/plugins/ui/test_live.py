"""What the page shows of a run: thinned curves, samples, and whether its files have changed."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from zoo_core.run_folder.run_log import RunLog, SampleRow, StepRow

pytest.importorskip("zoo_ui")
pytestmark = pytest.mark.full


def step(number: int, loss: float) -> StepRow:
    """Returns a row of ``steps.jsonl``."""
    return StepRow(number, 1, 10 * number, loss, 1.0, 0.01)


def test_steps_beyond_the_points_of_a_curve_are_means_of_intervals() -> None:
    from zoo_ui.live import MAX_POINTS, step_curve

    curve = step_curve([step(number, float(number)) for number in range(1, 2 * MAX_POINTS + 1)])
    assert curve.columns["step"] == list(range(2, 2 * MAX_POINTS + 1, 2))
    assert curve.columns["loss"][:2] == [1.5, 3.5]
    assert curve.last == f"step {2 * MAX_POINTS}: training loss {2 * MAX_POINTS}"
    few = step_curve([step(number, 1.0) for number in range(MAX_POINTS)])
    assert few.columns["step"] == list(range(MAX_POINTS))


def test_steps_whose_loss_is_no_number_are_left_out_and_none_have_no_last() -> None:
    from zoo_ui.live import step_curve

    curve = step_curve([step(1, 0.5), step(2, math.nan), step(3, math.inf)])
    assert curve == ({"step": [1], "loss": [0.5]}, "step 1: training loss 0.5")
    assert step_curve([]) == ({"step": [], "loss": []}, "")


def test_a_metric_is_drawn_over_the_epochs_for_each_split_that_has_it() -> None:
    from zoo_ui.live import epoch_curve, metric_names

    epochs = [
        {"epoch": 1, "metrics": {"train": {"accuracy": 0.5, "loss": 2.0}}},
        {
            "epoch": 2,
            "metrics": {
                "train": {"accuracy": math.nan, "loss": 1.0},
                "validation": {"loss": 1.5, "accuracy": 0.25},
            },
        },
    ]
    assert metric_names(epochs) == ["loss", "accuracy"]
    assert metric_names([]) == []
    curve = epoch_curve(epochs, "accuracy")
    assert curve.columns == {
        "epoch": [1, 2],
        "split": ["train", "validation"],
        "accuracy": [0.5, 0.25],
    }
    assert curve.last == "epoch 2: train accuracy 0.5, validation accuracy 0.25"
    assert epoch_curve([], "loss").last == ""


def test_many_epochs_are_thinned_with_the_first_and_the_last_kept() -> None:
    from zoo_ui.live import MAX_POINTS, epoch_curve

    for count in (MAX_POINTS, MAX_POINTS + 1, 5 * MAX_POINTS):
        epochs = [
            {"epoch": epoch, "metrics": {"train": {"loss": 1.0}}} for epoch in range(1, count + 1)
        ]
        found = epoch_curve(epochs, "loss").columns["epoch"]
        assert (len(found), found[0], found[-1]) == (MAX_POINTS, 1, count)
        assert len(set(found)) == MAX_POINTS


def test_the_last_samples_are_shown_the_newest_first(tmp_path: Path) -> None:
    from zoo_ui.live import MAX_SAMPLES, samples_text

    assert samples_text(tmp_path) == ""
    log = RunLog(tmp_path)
    for epoch in range(1, MAX_SAMPLES + 3):
        log.add_sample(SampleRow(epoch, epoch, f"text {epoch}"))
    log.write()
    blocks = samples_text(tmp_path).split("\n\n")
    assert blocks[0] == f"after epoch {MAX_SAMPLES + 2}:\ntext {MAX_SAMPLES + 2}"
    assert (len(blocks), blocks[-1]) == (MAX_SAMPLES, "after epoch 3:\ntext 3")


@pytest.mark.parametrize("name", ["config.json", "steps.jsonl", "samples.jsonl", "state/CURRENT"])
def test_the_stamp_of_a_run_changes_with_each_file_that_the_page_reads(
    tmp_path: Path, name: str
) -> None:
    from zoo_ui.live import stamp

    before = stamp(tmp_path)
    (tmp_path / name).parent.mkdir(exist_ok=True)
    (tmp_path / name).write_text("1", "utf-8")
    assert stamp(tmp_path) != before
    assert stamp(tmp_path) == stamp(tmp_path)
