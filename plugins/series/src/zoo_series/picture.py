"""The picture of a forecast: the past, the forecast and the baselines."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from typing import NamedTuple, final

from zoo_core.runtime.plots.palette import BLACK, BLUE, GREY, ORANGE, PALE

COLOURS = {"past": BLACK, "model": ORANGE, "naive": GREY, "seasonal_naive": BLUE}
STYLES = {"past": "-", "model": "-", "naive": ":", "seasonal_naive": "--"}
LABELS = {
    "past": "past",
    "model": "forecast",
    "naive": "naive",
    "seasonal_naive": "seasonal naive",
    "exponential_smoothing": "exponential smoothing",
}
MAX_PAST = 5
"""The past that is shown, in multiples of the forecast, but two seasons at least."""
MAX_PANELS = 6
"""Values of series that are drawn; a picture of more would be unreadable."""
MAX_TICKS = 8


@final
class Panel(NamedTuple):
    """One value of one series.

    Args:
        title: What it is.
        times: The times of the past and of the forecast, as they are written.
        past: The values of the past.
        forecasts: The forecast values by forecast: ``model``, ``naive``, ``seasonal_naive``.
    """

    title: str
    times: Sequence[str]
    past: Sequence[float]
    forecasts: Mapping[str, Sequence[float]]


def draw(panels: Sequence[Panel], title: str, season: int) -> bytes:
    """Returns a PNG with a panel for each value of each series, six at most.

    Args:
        panels: The panels.
        title: The title of the picture.
        season: The rows of a season.
    """
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    panels = panels[:MAX_PANELS]
    figure = Figure(figsize=(10, 0.8 + 3.2 * len(panels)), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(_plain(title), fontsize=12)
    for number, panel in enumerate(panels, start=1):
        axes = figure.add_subplot(len(panels), 1, number)
        steps = len(next(iter(panel.forecasts.values())))
        shown = min(len(panel.past), max(MAX_PAST * steps, 2 * season))
        first = len(panel.past) - shown
        axes.plot(
            range(shown), panel.past[first:], STYLES["past"], color=COLOURS["past"], label="past"
        )
        for name in reversed(list(panel.forecasts)):
            # The line begins at the last value of the past, which every forecast continues.
            values = [panel.past[-1], *panel.forecasts[name]]
            where = range(shown - 1, shown + steps)
            axes.plot(where, values, STYLES[name], color=COLOURS[name], label=LABELS[name])
        axes.axvline(shown - 1, color=PALE, linewidth=0.8)
        axes.set_ylabel(_plain(panel.title))
        times = panel.times[first:]
        every = max(1, -(-len(times) // MAX_TICKS))
        ticks = range(0, len(times), every)
        axes.set_xticks(list(ticks), [_plain(times[tick]) for tick in ticks])
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.25)
        if number == 1:
            axes.legend(frameon=False, ncols=4, loc="lower left", bbox_to_anchor=(0, 1))
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=120, metadata={"Software": None})
    return file.getvalue()


def _plain(text: str) -> str:
    """Returns a text in which a dollar sign begins no formula."""
    return text.replace("$", r"\$")
