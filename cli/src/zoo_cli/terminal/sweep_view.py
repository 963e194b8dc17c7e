"""Progress of a sweep on stderr: a live table on a terminal, lines elsewhere."""

from __future__ import annotations

import contextlib
import shutil
import sys
import time
from collections.abc import Iterable
from typing import Any, final

from tqdm import tqdm

from zoo_cli.terminal.output import cell_width, echo, shorten
from zoo_cli.terminal.signals import STOPPING, GracefulInterrupt
from zoo_cli.terminal.sweep_table import format_result, name_cells
from zoo_core.data.splits import main_split
from zoo_core.errors import Interrupted
from zoo_core.escaping import one_line
from zoo_core.references import shown
from zoo_core.runtime.sweeps.engine import (
    Job,
    JobAdvanced,
    JobEnded,
    JobMessage,
    JobStarted,
    RunEvent,
)
from zoo_core.runtime.sweeps.sweep import SweepEvent, SweepStarted
from zoo_core.runtime.training.events import EpochEnded, Evaluated, Started, Stepped
from zoo_core.runtime.training.progress_lines import ProgressLines
from zoo_core.sweeps.run_states import result_of

COLUMNS = ("epoch", "loss", "tokens/s")
WIDTHS = (12, 11, 11)
"""Columns of the table beside that of the names."""
MIN_NAME = 8
"""Columns of a name on a terminal that has no room for it; the numbers are cut then."""


def run_and_show(
    events: Iterable[SweepEvent | None], interrupt: GracefulInterrupt, command: str
) -> SweepStarted:
    """Carries out a sweep and shows its progress; when it is interrupted, what is saved.

    Args:
        events: The events of the sweep, which is told to stop when ``interrupt`` has a signal.
        interrupt: Records a signal, and does not announce it.
        command: The command that continues the sweep, as it was typed.

    Returns:
        The first event: the folder, its runs and the jobs.

    Raises:
        Interrupted: A signal came, and every run that had made a step has been saved.
        ZooError: The sweep was refused.
    """
    assert not interrupt.announces, "the view prints STOPPING itself"
    view = SweepView()
    started: SweepStarted | None = None
    try:
        for event in events:
            if isinstance(event, SweepStarted):
                started = event
                interrupt.enable()
            view.show(event)
            if interrupt.signal is not None:
                view.stop()
        if interrupt.signal is not None:
            raise Interrupted(interrupt.signal)
    except Interrupted:
        view.close()
        with contextlib.suppress(OSError):  # a closed terminal
            echo(f"{_what_is_saved(started)}: {command}", err=True)
        raise
    finally:
        view.close()
    assert started is not None, "a sweep that is not refused has begun"
    return started


def _what_is_saved(started: SweepStarted | None) -> str:
    """Returns what a sweep that was interrupted has saved, in words."""
    names = [run.name for run in started.runs] if started else []
    if started and any(result_of(started.folder / name).state != "missing" for name in names):
        return "saved; to continue"
    return "stopped before a run had made a step; to start again"


@final
class SweepView:
    """Shows the events of a sweep."""

    def __init__(self) -> None:
        self._table = _LiveTable() if sys.stderr.isatty() else None
        self._lines: dict[str, ProgressLines] = {}
        self._started_at: dict[str, float] = {}
        self._messages: set[str] = set()
        self._states: dict[str, str] = {}
        self._total = self._ended = 0
        self._stops = False

    def show(self, event: SweepEvent | None) -> None:
        """Shows an event; a closed terminal does not stop the sweep."""
        with contextlib.suppress(OSError):
            match event:
                case SweepStarted():
                    self._start(event)
                case JobStarted():
                    self._begin(event.job)
                case JobAdvanced():
                    self._advance(event.job, event.event)
                case JobMessage():
                    self._say(event)
                case JobEnded():
                    self._end(event)

    def stop(self) -> None:
        """Says once that the runs are being stopped, if one has begun."""
        if not self._stops and self._started_at:
            self._stops = True
            with contextlib.suppress(OSError):
                self._print(STOPPING)

    def close(self) -> None:
        """Removes the live table."""
        if self._table:
            with contextlib.suppress(OSError):
                self._table.close()

    def _start(self, event: SweepStarted) -> None:
        self._total = len(event.jobs)
        self._states = {run.name: run.state for run in event.runs}
        done = sum(run.state == "finished" for run in event.runs)
        again = sum(run.will_fail_again for run in event.runs)
        parts = [_count(len(event.runs), "run")]
        parts += [f"{done} finished before"] if done else []
        parts += [f"{again} diverged before"] if again else []
        parts.append(f"{self._total} to train, with {_count(event.threads, 'thread')} each")
        self._print(f"{', '.join(parts)}: {shown(event.folder)}")
        if self._table:
            self._table.start(event)

    def _begin(self, job: Job) -> None:
        self._started_at[job.name] = time.monotonic()
        self._lines[job.name] = ProgressLines()
        if self._table:
            self._table.begin(job.name)
            return
        resumes = self._states.get(job.name) in ("interrupted", "unfinished")
        self._print(f"{job.name}: {'continues' if resumes else 'begins'}")

    def _advance(self, job: Job, event: RunEvent) -> None:
        if self._table:
            self._table.advance(job.name, event)
        elif line := self._lines[job.name].line(event):
            self._print(f"{job.name}: {line}")

    def _say(self, event: JobMessage) -> None:
        """Prints a message; one that several runs have, once."""
        if event.text not in self._messages:
            self._messages.add(event.text)
            self._print(f"{event.job.name}: {event.text}")

    def _end(self, event: JobEnded) -> None:
        name = event.job.name
        seconds = time.monotonic() - self._started_at[name]
        self._ended += event.outcome != "interrupted"
        if self._table:
            self._table.end(name, self._ended)
        parts: list[str] = [event.outcome] if event.outcome != "finished" else []
        if event.reason:
            parts.append(event.reason)
        elif result := format_result(result_of(event.job.folder).metrics):
            parts.append(result)
        text = f"{self._ended}/{self._total} {name}: {': '.join(parts)}"
        self._print(text if event.reason else f"{text}, {seconds:.1f} s")

    def _print(self, text: str) -> None:
        if self._table:
            tqdm.write(one_line(text), file=sys.stderr)
        else:
            echo(one_line(text), err=True)


@final
class _LiveTable:
    """A line for each run that is trained at present, between a header and a total."""

    def __init__(self) -> None:
        self._bars: list[tqdm[Any]] = []
        self._rows: dict[str, int] = {}
        self._total = 0
        self._names: dict[str, str] = {}
        self._epochs: dict[str, int] = {}

    def start(self, event: SweepStarted) -> None:
        """Draws the header and the total."""
        self._total = len(event.jobs)
        if not self._total:
            return
        header = self._name_runs(event)
        self._add(self._row(header, COLUMNS))
        self._add(self._total_text(0))

    def _name_runs(self, event: SweepStarted) -> str:
        """Chooses what to call the runs, by their names if there is room; returns the header."""
        names = [run.name for run in event.runs]
        room = max(shutil.get_terminal_size().columns - sum(WIDTHS) - 1, MIN_NAME)
        header, texts = "run", names
        if max(map(cell_width, names)) > room:
            cells = name_cells(event.runs)
            widths = [max(map(cell_width, column)) for column in zip(*cells, strict=True)]
            header, *texts = (_align(row, widths) for row in cells)
        width = min(room, max(map(cell_width, (header, *texts))))
        self._names = {
            name: _align([shorten(text, width)], [width])
            for name, text in zip(names, texts, strict=True)
        }
        return _align([shorten(header, width)], [width])

    def begin(self, name: str) -> None:
        """Adds a run, in the first line that is free."""
        free = next((i for i in range(1, len(self._bars)) if i not in self._rows.values()), 0)
        last = len(self._bars) - 1
        if free in (0, last):
            self._add(self._bars[last].desc)
            free = last
        self._rows[name] = free
        self._draw(name, ("starts", "", ""))

    def advance(self, name: str, event: RunEvent) -> None:
        """Shows how far a run is."""
        match event:
            case Started():
                self._epochs[name] = event.epochs
                self._draw(name, (f"{event.epoch}/{event.epochs}", "", ""))
            case Stepped():
                speed = event.tokens / event.seconds if event.seconds else 0.0
                epoch = f"{event.epoch}/{self._epochs.get(name, event.epoch)}"
                self._draw(name, (epoch, f"{event.loss:.4g}", f"{speed:,.0f}"))
            case Evaluated():
                done = f"{100 * event.batch // max(event.batches, 1)} %"
                self._draw(name, (event.split, done, ""))
            case EpochEnded():
                metrics = event.metrics.get(main_split(event.metrics), {})
                loss = f"{metrics['loss']:.4g}" if "loss" in metrics else ""
                epoch = f"{event.epoch}/{event.epochs}"
                self._draw(name, (epoch, loss, f"{event.tokens_per_second:,.0f}"))

    def end(self, name: str, ended: int) -> None:
        """Removes a run."""
        self._set(self._rows.pop(name), "")
        self._set(len(self._bars) - 1, self._total_text(ended))

    def close(self) -> None:
        """Removes the table."""
        for bar in reversed(self._bars):
            bar.close()
        self._bars.clear()

    def _total_text(self, ended: int) -> str:
        return f"{ended} of {self._total} ended"

    def _row(self, name: str, cells: Iterable[str]) -> str:
        columns = zip(cells, WIDTHS, strict=True)
        return name + "".join(f"{cell:>{width}}" for cell, width in columns)

    def _draw(self, name: str, cells: Iterable[str]) -> None:
        self._set(self._rows[name], self._row(self._names[name], cells))

    def _add(self, text: str) -> None:
        bar = tqdm(
            bar_format="{desc}",
            position=len(self._bars),
            leave=False,
            dynamic_ncols=True,
            file=sys.stderr,
        )
        self._bars.append(bar)
        self._set(len(self._bars) - 1, text)

    def _set(self, line: int, text: str) -> None:
        bar = self._bars[line]
        if bar.desc != text:
            bar.set_description_str(text)


def _align(cells: Iterable[str], widths: Iterable[int]) -> str:
    """Returns cells with blanks up to their widths, two blanks apart."""
    padded = (
        cell + " " * (width - cell_width(cell)) for cell, width in zip(cells, widths, strict=True)
    )
    return "  ".join(padded)


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
