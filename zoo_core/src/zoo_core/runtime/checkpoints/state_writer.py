"""Writing the saved states of a run: small ones at once, large ones beside the training."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from pathlib import Path
from typing import final

from zoo_core.runtime.checkpoints.resume_states import StateFiles, write_state
from zoo_core.storage.capacity import free_memory

LEAST_SIZE = 8 << 20
"""Bytes of a state from which it is written beside the training. A smaller one is on disk before
a copy and a thread would pay."""


@final
class StateWriter:
    """Writes states in the order in which they are given, one at a time.

    Args:
        folder: The checkpoint folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._pending: Future[int] | None = None

    @property
    def is_busy(self) -> bool:
        """Whether a state is being written."""
        return self._pending is not None and not self._pending.done()

    def write(self, files: StateFiles) -> int:
        """Writes a state, after the one that is being written, and returns its step.

        Raises:
            TargetError: The folder cannot be written to.
        """
        self.wait()
        return write_state(self.folder, files)

    def begin(self, files: StateFiles) -> int | None:
        """Begins to write a copy of a state.

        Returns:
            The step of the state if it is on disk already: it is small, or there is no memory for
            a copy or no thread. Otherwise None, and ``written`` returns the step later.

        Raises:
            TargetError: The folder cannot be written to.
        """
        self.wait()
        if not LEAST_SIZE <= files.size < free_memory() // 2:
            return write_state(self.folder, files)
        thread = ThreadPoolExecutor(1, thread_name_prefix="zoo-state")
        try:
            self._pending = thread.submit(write_state, self.folder, files.copied())
        except (MemoryError, RuntimeError):  # a limit on the process, which is not to end the run
            return write_state(self.folder, files)
        thread.shutdown(wait=False)  # it ends with this state, before the program does
        return None

    def written(self) -> int | None:
        """Returns the step of the state that ``begin`` began, once, as soon as it is on disk.

        Raises:
            TargetError: The folder cannot be written to; the state before is the current one.
        """
        return None if self.is_busy else self.wait()

    def wait(self) -> int | None:
        """Waits for the state that is being written, and returns its step; None if there is none.

        Raises:
            TargetError: The folder cannot be written to; the state before is the current one.
        """
        if self._pending is None:
            return None
        wait([self._pending])  # where Ctrl+C interrupts this, the state is still pending
        pending, self._pending = self._pending, None
        return pending.result()

    def close(self) -> None:
        """Waits for the state that is being written, whatever comes of it."""
        if self._pending:
            wait([self._pending])
