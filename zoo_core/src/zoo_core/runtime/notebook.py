"""A run in a notebook: a progress bar, and the curve of its epochs as they end."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any, final

from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.plots.training_curve import training_curve
from zoo_core.runtime.training.events import (
    EpochEnded,
    Evaluated,
    Event,
    Finished,
    Started,
    Stepped,
)

DRAWING_SHARE = 0.05
"""The largest share of the time that drawing the curve takes."""
CURVE_WIDTH = 800
"""Width of the curve in pixels of the page."""


def in_notebook() -> bool:
    """Whether IPython runs a kernel, which shows pictures; a terminal of IPython does not."""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None else None
    return any(cls.__name__ == "ZMQInteractiveShell" for cls in type(shell).__mro__)


@final
class NotebookView:
    """Shows the events of a run below the cell that trains it.

    Args:
        run_config: Names the run in the title of the curve.
        history: The rows of the epochs so far; the run adds to it.
    """

    def __init__(self, run_config: RunConfig, history: list[dict[str, Any]]) -> None:
        self._run_config, self._history = run_config, history
        self._bar: Any = None
        self._curve: Any = None
        self._drawn_at = self._drawing_seconds = 0.0

    def show(self, event: Event) -> None:
        """Shows one event."""
        match event:
            case Started():
                self._bar = _progress_bar()(
                    total=event.epochs, initial=event.epoch - 1, unit="epoch", leave=False
                )
            case Stepped():
                self._move(event.epoch - 1 + event.batch / event.batches, f"loss {event.loss:.3f}")
            case Evaluated():
                self._move(None, f"{event.split} {event.batch}/{event.batches}")
            case EpochEnded():
                waited = time.monotonic() - self._drawn_at
                if waited >= self._drawing_seconds / DRAWING_SHARE:
                    self._draw()
            case Finished():
                self._draw()
                self.close()

    def close(self) -> None:
        """Removes the bar; the curve stays."""
        if self._bar is not None:
            self._bar.close()
            self._bar = None

    def _move(self, epochs: float | None, text: str) -> None:
        if self._bar is None:
            return
        if epochs is not None:
            self._bar.n = round(epochs, 2)
        self._bar.set_postfix_str(text, refresh=False)
        self._bar.update(0)

    def _draw(self) -> None:
        if not self._history:
            return
        from IPython.display import Image, display

        started = time.monotonic()
        picture = Image(data=training_curve(self._history, self._run_config), width=CURVE_WIDTH)
        if self._curve is None:
            self._curve = display(picture, display_id=True)
        else:
            self._curve.update(picture)
        self._drawn_at = time.monotonic()
        self._drawing_seconds = self._drawn_at - started


def _progress_bar() -> Callable[..., Any]:
    """Returns tqdm's bar for notebooks, or the one of text where its widgets are missing."""
    if find_spec("ipywidgets"):
        from tqdm.notebook import tqdm as widget_bar

        return widget_bar
    from tqdm import tqdm as text_bar

    return text_bar
