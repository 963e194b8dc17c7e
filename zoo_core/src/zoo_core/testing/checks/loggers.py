"""Checks of loggers, which receive the events of made-up runs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import final

from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import LoggerSpec
from zoo_core.run_folder.run_config import SECTIONS, RunConfig
from zoo_core.run_folder.run_log import StepRow
from zoo_core.runtime.loggers.logger import AbstractLogger, LoggedEvent, LogTarget
from zoo_core.runtime.training.events import EpochEnded, Saved, Started
from zoo_core.testing.check import Violation, check

STEPS_PER_EPOCH = 2
RUN_CONFIG = RunConfig(
    model="model",
    dataset="dataset",
    trainer="trainer",
    plugins=dict.fromkeys(SECTIONS, "plugin"),
    configs={section: {} for section in SECTIONS},
)


@final
@dataclass(frozen=True)
class LoggerCase:
    """A logger and a run of some epochs.

    Args:
        spec: The logger's spec.
        epochs: The number of epochs.
    """

    spec: LoggerSpec
    epochs: int = 3

    def label(self) -> str:
        """Returns the number of epochs."""
        return f"{self.epochs} epochs"

    def smaller(self) -> Iterator[LoggerCase]:
        """Yields the case with one epoch."""
        if self.epochs > 1:
            yield LoggerCase(self.spec, epochs=1)

    def run(self, folder: Path, *, after: int = 0) -> object:
        """Gives a logger the events of the epochs after some; returns the logger."""
        step = after * STEPS_PER_EPOCH
        target = LogTarget(folder, "conformance-check", RUN_CONFIG, step=step, epoch=after + 1)
        logger = resolve(self.spec.factory)(target)
        if not isinstance(logger, AbstractLogger):
            return logger
        for event in self._events(after, folder):
            logger.log(event)
        logger.flush()
        logger.close()
        return logger

    def _events(self, after: int, folder: Path) -> Iterator[LoggedEvent]:
        yield Started(after + 1, self.epochs, STEPS_PER_EPOCH, 10, "cpu", "reference")
        for epoch in range(after + 1, self.epochs + 1):
            for number in range(STEPS_PER_EPOCH):
                step = (epoch - 1) * STEPS_PER_EPOCH + number + 1
                yield StepRow(step, epoch, 8 * step, 1 / step, 0.5, 0.01)
            # an interrupted run may have logged more than the state that it continues from
            metrics = {"train": {"loss": 1 / epoch}, "validation": {"loss": 2 / epoch}}
            yield EpochEnded(epoch, self.epochs, metrics, True, 100.0, 0.1, "", 1.0, "some text")
            yield Saved(folder, epoch * STEPS_PER_EPOCH)


@check(
    "Return an AbstractLogger from the factory, and raise nothing for an event of no interest.",
)
def logs_a_run(case: LoggerCase) -> Violation | None:
    """A logger takes every event of a run, from its start to its end."""
    with TemporaryDirectory() as folder:
        logger = case.run(Path(folder))
    if isinstance(logger, AbstractLogger):
        return None
    return Violation("an AbstractLogger from the factory", f"{logger!r:.80}")


@check(
    "Open what an earlier process wrote instead of expecting an empty folder, and cut it at "
    "target.step and target.epoch.",
    needs=("logs-a-run",),
)
def logs_a_resumed_run(case: LoggerCase) -> Violation | None:
    """A logger goes on in the folder of an interrupted run, and logs again what was repeated."""
    with TemporaryDirectory() as folder:
        case.run(Path(folder))
        case.run(Path(folder), after=case.epochs - 1)
    return None


CHECKS = (logs_a_run, logs_a_resumed_run)
