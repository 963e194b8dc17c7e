"""The logger ``tensorboard``."""

from __future__ import annotations

import io
import math
from pathlib import Path
from typing import final

from tensorboard.backend.event_processing.event_file_loader import RawEventFileLoader
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.summary.writer.record_writer import RecordWriter
from torch.utils.tensorboard import SummaryWriter

from zoo_core.run_folder.run_log import StepRow
from zoo_core.runtime.loggers.logger import AbstractLogger, LoggedEvent, LogTarget
from zoo_core.runtime.training.events import EpochEnded
from zoo_core.storage.atomic import write_file

STEP, EPOCH = "step/", "epoch"
"""What the tags of steps begin with, and the tag that tells the number of an epoch."""
FILES = "events.out.tfevents."
JOINED = f"{FILES}0"
"""The file of all events before a resume. TensorBoard reads files in the order of their names; the
writer's begin with the time in seconds, and within one second they may be in any order."""


@final
class TensorboardLogger(AbstractLogger):
    """Writes event files.

    Args:
        target: The run.
    """

    def __init__(self, target: LogTarget) -> None:
        _remove_repeated(target)
        self._step = target.step
        self._writer = SummaryWriter(str(target.folder))

    def log(self, event: LoggedEvent) -> None:
        """Adds the numbers of a step, or the metrics and the text of an epoch."""
        match event:
            case StepRow():
                self._step = event.step
                for name in ("loss", "gradient_norm", "learning_rate"):
                    self._add(f"{STEP}{name}", getattr(event, name))
            case EpochEnded():
                self._add(EPOCH, event.epoch)
                for split, metrics in event.metrics.items():
                    for name, value in metrics.items():
                        self._add(f"{split}/{name}", value)
                if event.text:
                    self._writer.add_text("sample", event.text, self._step)

    def _add(self, tag: str, value: float) -> None:
        self._writer.add_scalar(tag, value, self._step)

    def flush(self) -> None:
        """Writes the events that wait."""
        self._writer.flush()

    def close(self) -> None:
        """Closes the file."""
        self._writer.close()


def _remove_repeated(target: LogTarget) -> None:
    """Joins the event files of a folder into one, without the events that the run repeats."""
    files = sorted(target.folder.glob(f"{FILES}*"))
    if not files:
        return
    records = [record for file in files for record in _read(file)]
    events = [Event.FromString(record) for record in records]
    # An epoch that is evaluated again has its old metrics at the last step of the saved state.
    first_repeated = min(
        (event.step for event in events if _epoch(event) >= target.epoch), default=math.inf
    )
    kept = io.BytesIO()
    writer = RecordWriter(kept)
    for record, event in zip(records, events, strict=True):
        is_of_step = all(value.tag.startswith(STEP) for value in event.summary.value)
        if event.step <= target.step and (is_of_step or event.step < first_repeated):
            writer.write(record)
    joined = target.folder / JOINED
    write_file(joined, kept.getvalue())
    for file in files:
        if file != joined:
            file.unlink()


def _read(file: Path) -> list[bytes]:
    """Returns the records of an event file; the last one is left out if it is incomplete."""
    return list(RawEventFileLoader(str(file)).Load())


def _epoch(event: Event) -> float:
    """Returns the number of the epoch that an event tells; -1 of any other event."""
    return max(
        (value.simple_value for value in event.summary.value if value.tag == EPOCH), default=-1
    )
