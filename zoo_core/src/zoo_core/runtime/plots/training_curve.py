"""The picture of a training: loss and metric over epochs."""

from __future__ import annotations

import io
from typing import Any

from zoo_core.run_folder.run_config import RunConfig

SPLITS = {"train": "#4878a8", "validation": "#d1603d"}


def curve(history: list[dict[str, Any]], run_config: RunConfig) -> bytes:
    """A PNG of 1600 × 640 pixels: the loss on the left, the accuracy on the right if it is known.

    Args:
        history: A row per epoch.
        run_config: For the title.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import MaxNLocator

    figure = Figure(figsize=(10, 4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(
        f"{run_config.model} on {run_config.dataset}, seed {run_config.seed}", fontsize=12
    )
    named = history[-1]["metrics"]["train"] if history else {}
    panels = {"loss": "loss (nats)"} | ({"accuracy": "accuracy"} if "accuracy" in named else {})
    for position, (metric, label) in enumerate(panels.items(), start=1):
        axes = figure.add_subplot(1, len(panels), position)
        for split, colour in SPLITS.items():
            rows = [row for row in history if metric in row["metrics"].get(split, {})]
            epochs = [row["epoch"] for row in rows]
            values = [row["metrics"][split][metric] for row in rows]
            mark = "o" if len(rows) < 40 else None
            if rows:
                axes.plot(epochs, values, color=colour, label=split, marker=mark, markersize=4)
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
