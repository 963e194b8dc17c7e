"""The log of a run: ``steps.jsonl`` and ``samples.jsonl``, which grow while it trains.

A state is saved only after the rows up to it are on disk, and a resumed run first removes the rows
beyond its state. So an interrupted and resumed run has the same bytes as an uninterrupted one.
Both files stay on this machine: a push leaves them out.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, TypeVar, final

from zoo_core.run_folder.manifest import MANIFEST
from zoo_core.run_folder.ownership import (
    CURRENT,
    HISTORY,
    SAMPLES,
    STATE,
    STATE_VALUES,
    STEPS,
    TIMINGS,
)
from zoo_core.storage.atomic import append_file, keep_lines

WHOLE_STEPS = 10_000
"""The first steps of a run, which are all logged."""

Row = TypeVar("Row")


@final
class StepRow(NamedTuple):
    """A row of ``steps.jsonl``.

    Args:
        step: The optimizer step, from 1.
        epoch: The epoch, from 1.
        tokens: The targets predicted in the run up to this step.
        loss: The loss before the update, in nats.
        gradient_norm: The norm of the gradient before clipping.
        learning_rate: The learning rate of the step.
    """

    step: int
    epoch: int
    tokens: int
    loss: float
    gradient_norm: float
    learning_rate: float

    def line(self) -> str:
        """Returns the row as it is written; formatting by hand takes a third of json's time."""
        return (
            f'{{"step": {self.step}, "epoch": {self.epoch}, "tokens": {self.tokens}, '
            f'"loss": {self.loss!r}, "gradient_norm": {self.gradient_norm!r}, '
            f'"learning_rate": {self.learning_rate!r}}}\n'
        )


@final
class SampleRow(NamedTuple):
    """A row of ``samples.jsonl``.

    Args:
        epoch: The epoch that ended, from 1.
        step: The optimizer step, from 1.
        text: The text that the model generated.
    """

    epoch: int
    step: int
    text: str

    def line(self) -> str:
        """Returns the row as it is written."""
        return json.dumps(self._asdict()) + "\n"


def is_logged(step: int) -> bool:
    """Whether a step has a row in ``steps.jsonl``.

    The first 10,000 steps all have one, then every 10th up to step 100,000, every 100th up to
    1,000,000 and so on. The rule depends on the step alone, so the log of a long run begins with
    that of a short one.
    """
    interval = 1
    while step > WHOLE_STEPS * interval:
        interval *= 10
    return step % interval == 0


@final
class RunLog:
    """Writes the log of a run.

    Args:
        folder: The checkpoint folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._steps: list[StepRow] = []
        self._samples: list[SampleRow] = []

    def add_steps(self, rows: Iterable[StepRow]) -> None:
        """Adds those of the rows that are logged; ``write`` writes them."""
        self._steps += [row for row in rows if is_logged(row.step)]

    def add_sample(self, row: SampleRow) -> None:
        """Adds a sample; ``write`` writes it."""
        self._samples.append(row)

    def write(self) -> None:
        """Appends what was added to the files and syncs them.

        Raises:
            TargetError: A file cannot be written. It may end with a part of a row, which
                ``truncate`` removes.
        """
        _append(self.folder / STEPS, [row.line() for row in self._steps])
        _append(self.folder / SAMPLES, [row.line() for row in self._samples])
        self._steps, self._samples = [], []

    def truncate(self, step: int, epoch: int) -> None:
        """Removes what was written beyond a state; 0 steps remove everything.

        Args:
            step: The optimizer step of the state.
            epoch: The epoch that the state is in; the sample of that epoch is not written yet.

        Raises:
            TargetError: A file cannot be written.
        """
        _truncate(self.folder / STEPS, lambda values: _step_row(values).step <= step)
        _truncate(self.folder / SAMPLES, lambda values: _sample_row(values).epoch < epoch)


@final
class StepReader:
    """Reads ``steps.jsonl`` again and again while it grows, and parses each row once.

    The bytes that were parsed are kept and compared with those of the file: its size and time would
    miss a resume that removes rows and writes as many others. A file that begins with other bytes
    is parsed from its start. Several threads may read.

    Args:
        folder: The checkpoint folder.
    """

    def __init__(self, folder: Path) -> None:
        self._path = folder / STEPS
        self._lock = Lock()
        self._parsed = b""
        self._rows: list[StepRow] = []

    def read(self) -> list[StepRow]:
        """Returns what ``read_steps`` returns now."""
        data = _content(self._path)
        with self._lock:
            if not data.startswith(self._parsed):
                self._parsed, self._rows = b"", []
            rows, size = _parse_rows(data[len(self._parsed) :], _step_row)
            self._parsed = data[: len(self._parsed) + size]
            self._rows += rows
            return list(self._rows)


def read_steps(folder: Path) -> list[StepRow]:
    """Returns the rows of ``steps.jsonl``; none of a run of an older version, which has no log."""
    return _read(folder / STEPS, _step_row)


def read_samples(folder: Path) -> list[SampleRow]:
    """Returns the rows of ``samples.jsonl``; none if the run generated no text."""
    return _read(folder / SAMPLES, _sample_row)


def read_epochs(folder: Path) -> list[dict[str, Any]]:
    """Returns a row for each epoch, as ``history.jsonl`` holds them.

    While a run trains they are those of its last saved state; none before the first one.
    """
    if (folder / MANIFEST).is_file():
        return _read(folder / HISTORY, lambda values: values)
    try:
        rows = read_state_values(folder)["snapshot"]["position"]["history"]
        return [dict(row) for row in rows]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return []


def read_seconds(folder: Path) -> float | None:
    """Returns the seconds of a run until its last epoch ended; None without ``timings.jsonl``."""
    rows = _read(folder / TIMINGS, lambda values: values.get("seconds"))
    return float(rows[-1]) if rows and isinstance(rows[-1], int | float) else None


def read_state_values(folder: Path) -> dict[str, Any]:
    """Returns the JSON values of the saved state of a run, unchecked.

    Raises:
        OSError: There is none, or a newer one has just taken its place.
        ValueError: It is damaged.
    """
    step = (folder / STATE / CURRENT).read_text("utf-8").strip()
    return dict(json.loads((folder / STATE / step / STATE_VALUES).read_bytes()))


def _append(path: Path, lines: list[str]) -> None:
    if lines:
        append_file(path, "".join(lines).encode())


def _truncate(path: Path, is_kept: Callable[[dict[str, Any]], bool]) -> None:
    keep_lines(path, lambda line: bool(_made(line, is_kept)))


def _step_row(values: dict[str, Any]) -> StepRow:
    return StepRow(*(values[name] for name in StepRow._fields))


def _sample_row(values: dict[str, Any]) -> SampleRow:
    return SampleRow(*(values[name] for name in SampleRow._fields))


def _read(path: Path, make: Callable[[dict[str, Any]], Row]) -> list[Row]:
    return _parse_rows(_content(path), make)[0]


def _content(path: Path) -> bytes:
    """Returns what a file holds; nothing if it cannot be read."""
    try:
        return path.read_bytes()
    except OSError:
        return b""


def _parse_rows(data: bytes, make: Callable[[dict[str, Any]], Row]) -> tuple[list[Row], int]:
    """Returns the rows before the first that is damaged, and the bytes that they take.

    A row that is being written is damaged until it is whole.
    """
    rows: list[Row] = []
    size = 0
    for line in data.splitlines(keepends=True):
        row = _made(line, make)
        if row is None:
            break
        rows.append(row)
        size += len(line)
    return rows, size


def _made(line: bytes, make: Callable[[dict[str, Any]], Row]) -> Row | None:
    """Returns what is made of the values of a line; None of a damaged one, which may lack some."""
    values = _parse(line)
    try:
        return None if values is None else make(values)
    except (KeyError, TypeError):
        return None


def _parse(line: bytes) -> dict[str, Any] | None:
    """Returns the values of a whole line; None of any other."""
    if not line.endswith(b"\n"):
        return None
    try:
        values = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return values if isinstance(values, dict) else None
