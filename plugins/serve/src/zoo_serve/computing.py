"""The computing thread: one step of every model in turn, for all requests that wait.

torch computes on this thread alone, and the network on another, so a step never delays a
connection, and the number of torch's threads, which decides the last bits, stays the same.
"""

from __future__ import annotations

import asyncio
import logging
import queue
import threading
import time
from collections.abc import Mapping
from typing import final

import torch

from zoo_serve.jobs import Event, Failed, Job, Piece
from zoo_serve.served_model import Load, Report, ServedModel

INTERVAL = 0.01
"""Least seconds between two deliveries of pieces of text: to wake the other thread for each symbol
takes longer than a step of a small model."""

logger = logging.getLogger("zoo_core.serve")


@final
class ComputingThread:
    """Computes the jobs of all models.

    Args:
        models: The models by id.
        threads: The number of torch's threads.
    """

    def __init__(self, models: Mapping[str, ServedModel], threads: int) -> None:
        self._models = models
        self._threads = threads
        self._inbox: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._reports: list[Report] = []
        self._last_delivery = 0.0
        self._is_ready = threading.Event()
        self._error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="zoo-serve", daemon=True)

    def start(self) -> None:
        """Starts the thread and waits until every model is built.

        Raises:
            ZooError: A model cannot be built.
        """
        self._thread.start()
        while not self._is_ready.wait(0.1):  # a signal is handled between two waits
            pass
        if self._error is not None:
            raise self._error

    def report_to(self, loop: asyncio.AbstractEventLoop) -> None:
        """Sets the loop on which jobs receive their events; before the first job."""
        self._loop = loop

    def submit(self, job: Job) -> None:
        """Takes a job."""
        self._inbox.put(job)

    def stop(self) -> None:
        """Ends the thread after its present step."""
        self._inbox.put(None)
        self._thread.join()

    @property
    def load(self) -> Load:
        """What there is to do for all models; a moment ago, as it is read from another thread."""
        return Load(*map(sum, zip(*(model.load for model in self._models.values()), strict=True)))

    def _run(self) -> None:
        torch.set_num_threads(self._threads)
        try:
            for model in self._models.values():
                model.prepare()
        except BaseException as error:
            self._error = error
            return
        finally:
            self._is_ready.set()
        while self._take():
            self._turn()

    def _take(self) -> bool:
        """Takes the jobs that have come; waits for one if there is nothing to do."""
        load = self.load
        is_idle = not (load.texts or load.calls)
        while True:
            try:
                job = self._inbox.get(block=is_idle)
            except queue.Empty:
                return True
            if job is None:
                return False
            self._reports += self._models[job.model].accept(job)
            is_idle = False

    def _turn(self) -> None:
        for model in self._models.values():
            try:
                self._reports += model.turn()
            except (Exception, SystemExit) as error:  # a bug: the jobs end, and the thread does not
                logger.exception("a step failed")
                self._reports += [(job, Failed(error)) for job in model.end_all()]
        now = time.monotonic()
        is_due = now - self._last_delivery >= INTERVAL
        if is_due or not all(isinstance(event, Piece) for _, event in self._reports):
            self._deliver()
            self._last_delivery = now

    def _deliver(self) -> None:
        """Hands events to their jobs, on the thread of the network, in one call."""
        reports, self._reports = self._reports, []
        if reports and self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(_receive, reports)


def _receive(reports: list[tuple[Job, Event]]) -> None:
    for job, event in reports:
        job.receive(event)
