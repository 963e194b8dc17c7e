"""A run's events as a person sees them: a bar on a terminal, lines of epochs elsewhere."""

from __future__ import annotations

import contextlib
import math
import sys
import time
from typing import Any, final

import click
from tqdm import tqdm

from zoo_cli.terminal.output import in_words
from zoo_core.runtime.training.events import EpochEnded, Event, Finished, Started, Stepped

SLOW_EPOCH = 1.0
"""On a terminal, epochs shorter than so many seconds get no line of their own."""
LINE_EVERY = 0.1
"""Elsewhere, seconds from one line to the next, at least. The first epoch, the last and those with
a sample have a line however soon they come; of the others that come sooner none has."""


@final
class Progress:
    """Shows events on stderr, ten times a second at most but for samples and the end."""

    def __init__(self) -> None:
        self._bar: tqdm[Any] | None = None
        self._terminal = sys.stderr.isatty()
        self._written = -math.inf
        self._held: EpochEnded | None = None

    def show(self, event: Event) -> None:
        """Shows one event; a terminal that has gone away stops no run."""
        with contextlib.suppress(OSError):
            self._show(event)

    def _show(self, event: Event) -> None:
        match event:
            case Started():
                self._start(event)
            case Stepped():
                self._step(event)
            case EpochEnded():
                self._epoch(event)
            case Finished():
                self.close()
                for remark in event.remarks:
                    click.echo(remark, err=True)

    def close(self) -> None:
        """Leaves the terminal in order, and no last line unsaid."""
        bar, held = self._bar, self._held
        self._bar = self._held = None
        with contextlib.suppress(OSError):
            if bar is not None:
                bar.close()
            if held is not None:
                click.echo(_line(held), err=True)

    def _start(self, event: Started) -> None:
        for remark in event.remarks:
            click.echo(remark, err=True)
        click.echo(
            f"{event.parameters:,} parameters on {event.device}, backend {event.backend}", err=True
        )
        if self._terminal:
            self._bar = tqdm(total=event.epochs, initial=event.epoch - 1, unit="epoch", leave=False)

    def _step(self, event: Stepped) -> None:
        if self._bar is None:
            return
        speed = event.tokens / event.seconds if event.seconds else 0.0
        self._bar.n = event.epoch - 1 + event.batch / event.batches
        self._bar.set_postfix_str(f"loss {event.loss:.3f}, {speed:,.0f} tokens/s", refresh=False)
        self._bar.update(0)

    def _epoch(self, event: EpochEnded) -> None:
        if self._bar is None:
            self._log(event)
        elif event.seconds >= SLOW_EPOCH or event.sample:
            self._bar.write(_line(event), file=sys.stderr)
        if event.sample:
            tqdm.write(f"  {event.sample}", file=sys.stderr)

    def _log(self, event: EpochEnded) -> None:
        now = time.monotonic()
        soon = now - self._written < LINE_EVERY and not event.sample
        self._held = event if soon else None
        if not soon:
            self._written = now
            click.echo(_line(event), err=True)


def _line(event: EpochEnded) -> str:
    parts = [f"{split} {in_words(named)}" for split, named in event.metrics.items()]
    mark = " *" if event.best and "validation" in event.metrics else ""
    speed = f"{event.tokens_per_second:,.0f} tokens/s"
    return f"epoch {event.epoch}/{event.epochs}  {'; '.join(parts)}  {speed}{mark}"


def print_summary(event: Finished, sample: str, hint: str) -> None:
    """What a person wants to know at the end, on stdout; the next command to try on stderr."""
    manifest = event.manifest
    for split, named in manifest.metrics.items():
        click.echo(f"{split}: {in_words(named)}")
    if sample:
        click.echo(sample)
    click.echo(f"checkpoint: {event.folder}")
    click.echo(
        f"{manifest.epochs} epochs in {event.seconds:.1f} s"
        f" ({event.reason}), {event.tokens_per_second:,.0f} tokens/s; {hint}",
        err=True,
    )
