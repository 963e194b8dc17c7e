"""The plot of a training."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.checkpoints.checkpoint import read_history
from zoo_core.runtime.plots.training_curve import training_curve


def size(png: bytes) -> tuple[int, ...]:
    """Returns width and height of a PNG."""
    assert png.startswith(b"\x89PNG\r\n\x1a\n")
    return struct.unpack(">II", png[16:24])


def row(epoch: int, **metrics: float) -> dict[str, Any]:
    """Returns a row of the history."""
    return {"epoch": epoch, "metrics": {"train": metrics}}


def test_the_plot_has_1600_by_640_pixels(trained_once: Path) -> None:
    assert size((trained_once / "curve.png").read_bytes()) == (1600, 640)


def test_the_same_history_gives_the_same_plot(trained_once: Path, run_config: RunConfig) -> None:
    rows = read_history(trained_once)
    assert training_curve(rows, run_config) == training_curve(rows, run_config)


def test_another_history_gives_another_plot(run_config: RunConfig) -> None:
    first = training_curve([row(1, loss=1.0), row(2, loss=0.5)], run_config)
    assert training_curve([row(1, loss=1.0), row(2, loss=0.4)], run_config) != first
    with_accuracy = [row(1, loss=1.0, accuracy=0.5), row(2, loss=0.5, accuracy=0.6)]
    assert training_curve(with_accuracy, run_config) != first


def test_a_run_without_an_epoch_has_a_plot(run_config: RunConfig) -> None:
    assert size(training_curve([], run_config)) == (1600, 640)
