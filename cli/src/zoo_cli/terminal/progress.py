"""Progress of a run: a bar on a terminal, elsewhere a line per epoch and at least every 30 s."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from collections.abc import Callable, Iterator
from typing import Any, final

from tqdm import tqdm

from zoo_cli.terminal.output import MAX_CELLS, echo, format_metrics, shorten
from zoo_core.runtime.training.events import (
    EpochEnded,
    Evaluated,
    Event,
    Finished,
    Started,
    Stepped,
)
from zoo_core.runtime.training.progress_lines import ProgressLines

SLOW_EPOCH = 1.0
"""Seconds; on a terminal, only epochs that take at least this long get a line of their own."""
LINE_INTERVAL = 0.1
"""Least seconds between two lines where stderr is not a terminal. Epochs that end sooner are left
out, except the first, the last and those with a sample."""
REFRESH_INTERVAL = 0.1
"""Least seconds between two drawings of the bar while a split is evaluated."""


@final
class Progress:
    """Shows the events of a run on stderr."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._terminal = sys.stderr.isatty()
        self._last_line = -math.inf
        self._skipped: EpochEnded | None = None
        self._lines = ProgressLines()
        self._refreshed = -math.inf

    def show(self, event: Event) -> None:
        """Shows one event; a closed terminal does not stop the run."""
        with contextlib.suppress(OSError):
            self._show(event)

    def _show(self, event: Event) -> None:
        match event:
            case Started():
                self._start(event)
            case Stepped():
                self._step(event)
            case Evaluated():
                self._evaluate(event)
            case EpochEnded():
                self._end_epoch(event)
            case Finished():
                self.close()

    def close(self) -> None:
        """Removes the bar, and prints the line of the last epoch if it was left out."""
        bar, skipped = self._bar, self._skipped
        self._bar = self._skipped = None
        with contextlib.suppress(OSError):
            if bar is not None:
                bar.close()
            if skipped is not None:
                echo(_format_epoch(skipped), err=True)

    def _start(self, event: Started) -> None:
        echo(
            f"{event.parameters:,} parameters on {event.device}, backend {event.backend}", err=True
        )
        if self._terminal:
            self._bar = tqdm(total=event.epochs, initial=event.epoch - 1, unit="epoch", leave=False)

    def _step(self, event: Stepped) -> None:
        if self._bar is None:
            self._print_within_epoch(event)
            return
        speed = event.tokens / event.seconds if event.seconds else 0.0
        self._bar.n = round(event.epoch - 1 + event.batch / event.batches, 2)
        self._bar.set_postfix_str(f"loss {event.loss:.3f}, {speed:,.0f} tokens/s", refresh=False)
        self._bar.update(0)

    def _evaluate(self, event: Evaluated) -> None:
        if self._bar is None:
            self._print_within_epoch(event)
        elif time.monotonic() - self._refreshed >= REFRESH_INTERVAL:
            self._refreshed = time.monotonic()
            self._bar.set_postfix_str(f"{event.split} {event.batch}/{event.batches}")

    def _print_within_epoch(self, event: Stepped | Evaluated) -> None:
        if line := self._lines.line(event):
            echo(line, err=True)

    def _end_epoch(self, event: EpochEnded) -> None:
        if self._bar is None:
            self._print_epoch(event)
        elif event.seconds >= SLOW_EPOCH or event.sample:
            self._bar.write(_format_epoch(event), file=sys.stderr)
        if event.sample:
            tqdm.write(f"  {shorten(event.sample, MAX_CELLS - 2)}", file=sys.stderr)

    def _print_epoch(self, event: EpochEnded) -> None:
        now = time.monotonic()
        if now - self._last_line < LINE_INTERVAL and not event.sample:
            self._skipped = event
            return
        self._skipped = None
        self._last_line = now
        self._lines.restart(now)
        echo(_format_epoch(event), err=True)


@contextlib.contextmanager
def evaluation_progress() -> Iterator[Callable[[Evaluated], None]]:
    """Gives a function that shows the events of an evaluation: a bar, or a line every 30 s."""
    lines = ProgressLines()
    with tqdm(unit="batch", leave=False, disable=not sys.stderr.isatty()) as bar:

        def show(event: Evaluated) -> None:
            with contextlib.suppress(OSError):
                bar.set_description(event.split, refresh=False)
                bar.total, bar.n = event.batches, event.batch
                bar.update(0)
                if bar.disable and (line := lines.line(event)):
                    echo(line, err=True)

        yield show


def _format_epoch(event: EpochEnded) -> str:
    metrics = [f"{split} {format_metrics(values)}" for split, values in event.metrics.items()]
    mark = " *" if event.best and "validation" in event.metrics else ""
    speed = f"{event.tokens_per_second:,.0f} tokens/s"
    share = "" if event.share == 1 else f" ({event.share:.2%} of it)"
    return f"epoch {event.epoch}/{event.epochs}{share}  {'; '.join(metrics)}  {speed}{mark}"


ENDS = {"patience": ", until nothing improved", "budget": ", until the budget was spent"}
"""Why a run ended before its last epoch, in words."""


def print_summary(event: Finished, sample: str, hint: str) -> None:
    """Prints metrics, a sample and the folder on stdout; timings and a hint on stderr."""
    manifest = event.manifest
    for split, metrics in manifest.metrics.items():
        echo(f"{split}: {format_metrics(metrics)}")
    if sample:
        echo(sample)
    echo(f"checkpoint: {event.folder}")
    end = ENDS.get(event.reason, "")
    echo(
        f"{_format_epochs(event.epochs)} in {event.seconds:.1f} s{end},"
        f" {event.tokens_per_second:,.0f} tokens/s; {hint}",
        err=True,
    )


def _format_epochs(epochs: float) -> str:
    """Returns a number of epochs in words; with decimals if the last one is not whole."""
    if epochs == round(epochs):
        return f"{epochs:.0f} epoch{'' if epochs == 1 else 's'}"
    return f"{max(epochs, 0.01):.2f} epochs"
