"""Plot of a training: loss and accuracy over epochs."""

from __future__ import annotations

import io
from typing import Any

from zoo_core.run_folder.run_config import RunConfig

COLOURS = {"train": "#4878a8", "validation": "#d1603d"}
MAX_EPOCHS_WITH_MARKERS = 40


def training_curve(history: list[dict[str, Any]], run_config: RunConfig) -> bytes:
    """Returns a PNG of 1600 × 640 pixels: the loss, and next to it the accuracy if there is one.

    Args:
        history: One row per epoch.
        run_config: Names the model, dataset and seed of the title.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(
        f"{run_config.model} on {run_config.dataset}, seed {run_config.seed}", fontsize=12
    )
    panels = {"loss": "loss (nats)"}
    if history and "accuracy" in history[-1]["metrics"]["train"]:
        panels["accuracy"] = "accuracy"
    for position, (metric, label) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(1, len(panels), position)
        for split, colour in COLOURS.items():
            rows = [row for row in history if metric in row["metrics"].get(split, {})]
            epochs = [row["epoch"] for row in rows]
            values = [row["metrics"][split][metric] for row in rows]
            marker = "o" if len(rows) < MAX_EPOCHS_WITH_MARKERS else None
            if rows:
                axes.plot(epochs, values, color=colour, label=split, marker=marker, markersize=4)
        axes.set_xlabel("epoch")
        axes.set_ylabel(label)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True))
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        if history:
            axes.legend(frameon=False)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=160, metadata={"Software": None})
    return file.getvalue()
