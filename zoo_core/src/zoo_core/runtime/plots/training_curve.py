"""Plot of a training: the loss and another metric over epochs."""

from __future__ import annotations

import io
import math
from typing import Any

from zoo_core.run_folder.objective import Objective
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.plots.axes import fraction_limits
from zoo_core.runtime.plots.palette import BLUE, ORANGE

SPLIT_COLOURS = {"train": BLUE, "validation": ORANGE}
SPLIT_MARKERS = {"train": "o", "validation": "s"}
MAX_EPOCHS_WITH_MARKERS = 40
SECOND_METRICS = ("accuracy", "mae")
"""The metrics to draw beside the loss, by preference."""
SPIKE = 10.0
"""A value this many times the median takes a logarithmic axis."""


def training_curve(
    history: list[dict[str, Any]],
    run_config: RunConfig,
    objective: Objective | None = None,
    loss_label: str = "loss (nats)",
) -> bytes:
    """Returns a PNG of 1600 × 640 pixels: the loss, and next to it another metric if there is one.

    That is the main metric of the trainer; where this is the loss, the accuracy or else the mean
    absolute error.

    Args:
        history: One row per epoch.
        run_config: Names the model, dataset and seed of the title.
        objective: The main metric of the trainer; None for the loss.
        loss_label: The name of the loss, with its unit.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    # A layout engine draws the figure once more to measure it, which is half of the time.
    figure = Figure(figsize=(10, 4))
    figure.set_layout_engine("none")
    figure.subplots_adjust(left=0.085, right=0.985, bottom=0.13, top=0.88, wspace=0.25)
    FigureCanvasAgg(figure)
    figure.suptitle(
        f"{run_config.model} on {run_config.dataset}, seed {run_config.seed}", fontsize=12
    )
    panels = {"loss": loss_label}
    main = "" if objective is None else objective.metric
    known = history[-1]["metrics"]["train"] if history else {}
    for metric in (main, *SECOND_METRICS):
        if metric in known and metric not in panels:
            panels[metric] = metric.replace("_", " ")
            break
    for position, (metric, label) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(1, len(panels), position)
        axes.set_ylabel(label)
        shown: list[float] = []
        for split, colour in SPLIT_COLOURS.items():
            rows = [row for row in history if metric in row["metrics"].get(split, {})]
            epochs = [row["epoch"] for row in rows]
            values = [row["metrics"][split][metric] for row in rows]
            marker = SPLIT_MARKERS[split] if len(rows) < MAX_EPOCHS_WITH_MARKERS else None
            if rows:
                (line,) = axes.plot(epochs, values, color=colour, label=split, marker=marker)
                line.set(markersize=4, clip_on=False)  # a marker at a limit is drawn whole
            shown += values
        if metric == "accuracy":
            axes.set_ylim(*fraction_limits(shown))
        elif needs_logarithm(shown):
            axes.set_yscale("log")
            axes.yaxis.set_major_formatter("{x:g}")
        _set_epochs(axes, [row["epoch"] for row in history])
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        if history:
            axes.legend(frameon=False)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=160, metadata={"Software": None})
    return file.getvalue()


def needs_logarithm(values: list[float]) -> bool:
    """Whether the largest value would flatten the curve of the others on a linear axis."""
    finite = sorted(value for value in values if math.isfinite(value))
    return bool(finite) and finite[0] > 0 and finite[-1] >= SPIKE * finite[len(finite) // 2]


def _set_epochs(axes: Any, epochs: list[int]) -> None:
    """Sets an axis of whole epochs, with room at both ends."""
    from matplotlib.ticker import MaxNLocator

    axes.set_xlabel("epoch")
    if epochs:
        axes.set_xlim(epochs[0] - 0.5, epochs[-1] + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
