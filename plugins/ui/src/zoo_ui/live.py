"""What a run has done so far: curves, samples, how far it is."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar, final

from zoo_core.run_folder.manifest import MANIFEST
from zoo_core.run_folder.ownership import CURRENT, SAMPLES, STATE, STEPS
from zoo_core.run_folder.run_log import StepRow, read_samples

MAX_POINTS = 400
"""Points of a curve on the page."""
MAX_SAMPLES = 20
"""Generated texts on the page, the last ones."""
Point = TypeVar("Point")


@final
class Curve(NamedTuple):
    """A curve of a run.

    Args:
        columns: Its values by column, such as ``step`` and ``loss``.
        last: The last value of each series in words; empty if there is none.
    """

    columns: dict[str, list[Any]]
    last: str


def step_curve(steps: Sequence[StepRow]) -> Curve:
    """Returns the training loss over the steps, in nats; intervals of steps are averaged."""
    rows = [row for row in steps if math.isfinite(row.loss)]
    size = max(1, math.ceil(len(rows) / MAX_POINTS))
    parts = [rows[start : start + size] for start in range(0, len(rows), size)]
    columns: dict[str, list[Any]] = {
        "step": [part[-1].step for part in parts],
        "loss": [sum(row.loss for row in part) / len(part) for part in parts],
    }
    last = f"step {rows[-1].step:,}: training loss {rows[-1].loss:.4g}" if rows else ""
    return Curve(columns, last)


def epoch_curve(epochs: Sequence[dict[str, Any]], metric: str) -> Curve:
    """Returns a metric over the epochs, on every split that has it."""
    points = [
        (row["epoch"], split, values[metric])
        for row in _thin(epochs)
        for split, values in row["metrics"].items()
        if math.isfinite(values.get(metric, math.nan))
    ]
    columns: dict[str, list[Any]] = {
        "epoch": [epoch for epoch, _, _ in points],
        "split": [split for _, split, _ in points],
        metric: [value for _, _, value in points],
    }
    latest = {split: value for _, split, value in points}
    values = ", ".join(f"{split} {metric} {value:.4g}" for split, value in latest.items())
    return Curve(columns, f"epoch {points[-1][0]:,}: {values}" if points else "")


def metric_names(epochs: Sequence[dict[str, Any]]) -> list[str]:
    """Returns the metrics that were measured after the epochs, the loss first."""
    names = {
        name: None for row in epochs[-1:] for values in row["metrics"].values() for name in values
    }
    return sorted(names, key=lambda name: name != "loss")


def samples_text(folder: Path) -> str:
    """Returns the texts that the model generated after its last epochs, the newest first."""
    rows = read_samples(folder)[-MAX_SAMPLES:]
    return "\n\n".join(f"after epoch {row.epoch}:\n{row.text}" for row in reversed(rows))


def stamp(folder: Path) -> tuple[tuple[int, int], ...]:
    """Returns sizes and times of the files that change while a run trains."""
    names = (MANIFEST, STEPS, SAMPLES, f"{STATE}/{CURRENT}")
    return tuple(_stamp(folder / name) for name in names)


def _stamp(path: Path) -> tuple[int, int]:
    try:
        status = path.stat()
    except OSError:
        return 0, 0
    return status.st_size, status.st_mtime_ns


def _thin(rows: Sequence[Point]) -> list[Point]:
    """Returns at most ``MAX_POINTS`` rows, the first and the last among them."""
    if len(rows) <= MAX_POINTS:
        return list(rows)
    last = len(rows) - 1
    return [rows[round(number * last / (MAX_POINTS - 1))] for number in range(MAX_POINTS)]
