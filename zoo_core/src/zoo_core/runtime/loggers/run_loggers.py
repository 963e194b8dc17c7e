"""The loggers of a run, called so that none of them can change or end it."""

from __future__ import annotations

import contextlib
import logging
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, final

from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.failures import describe_failure
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.optional_parts import find_loggers
from zoo_core.run_folder.logger_names import (
    logger_folder,
    read_logger_names,
    remove_logs,
    write_logger_names,
)
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.hardware.torch_state import kept_torch_state
from zoo_core.runtime.loggers.logger import AbstractLogger, LoggedEvent, LogTarget
from zoo_core.storage.atomic import make_folder, target_errors

logger = logging.getLogger(__name__)


@final
class RunLoggers:
    """The loggers of a run. One that raises is disabled with a warning.

    Args:
        catalog: The installed plugins.
        folder: The run folder.
        names: The names of the loggers.

    Raises:
        NotFoundError: There is no such logger.
        PluginError: A logger's plugin is not installed, or cannot be imported.
    """

    def __init__(self, catalog: Catalog, folder: Path, names: Sequence[str]) -> None:
        self.folder, self.names = folder, tuple(dict.fromkeys(names))
        self._factories: dict[str, Callable[[LogTarget], Any]] = {
            entry.spec.name: resolve(entry.spec.factory)
            for entry in find_loggers(catalog, self.names)
        }
        self._loggers: dict[str, AbstractLogger] = {}

    def __bool__(self) -> bool:
        return bool(self._loggers)

    def start(self, run_config: RunConfig, *, step: int, epoch: int) -> None:
        """Records the names for a resume and makes the loggers.

        Args:
            run_config: Everything that decides the run.
            step: The optimizer steps of the state that the run continues from.
            epoch: The epoch of that state.

        Raises:
            TargetError: The run folder cannot be written to.
        """
        if step == 0:  # the folder may hold the logs of an earlier run, which this one replaces
            remove_logs(self.folder, read_logger_names(self.folder))
        write_logger_names(self.folder, self.names)
        for name, factory in self._factories.items():
            folder = logger_folder(self.folder, name)
            with target_errors(folder):
                make_folder(folder)
            target = LogTarget(folder, self.folder.absolute().name, run_config, step, epoch)
            with self._guarded(name):
                self._loggers[name] = factory(target)

    def log(self, events: Iterable[LoggedEvent]) -> None:
        """Gives events to every logger."""
        events = tuple(events)
        for name, receiver in tuple(self._loggers.items()):
            with self._guarded(name):
                for event in events:
                    receiver.log(event)

    def flush(self) -> None:
        """Lets every logger write to disk."""
        for name, receiver in tuple(self._loggers.items()):
            with self._guarded(name):
                receiver.flush()

    def close(self) -> None:
        """Ends every log; further events go nowhere."""
        for name, receiver in tuple(self._loggers.items()):
            with self._guarded(name):
                receiver.close()
        self._loggers = {}

    @contextlib.contextmanager
    def _guarded(self, name: str) -> Iterator[None]:
        """Keeps torch's state and stdout, and disables a logger that raises."""
        try:
            with kept_torch_state(), contextlib.redirect_stdout(sys.stderr):
                yield
        except (Exception, SystemExit) as error:
            reason = describe_failure(error)
            logger.warning("the logger %s failed and is off; training goes on: %s", name, reason)
            failed = self._loggers.pop(name, None)
            if failed is not None:
                with contextlib.suppress(Exception, SystemExit):
                    failed.close()
