"""Requests that end otherwise than by an answer: bugs, and a server that stops."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from tests.coroutines import run_coroutine

pytest.importorskip("zoo_serve")
pytestmark = pytest.mark.full


class Broken:
    """A model whose every step fails."""

    def __init__(self, error: BaseException) -> None:
        self.error, self.jobs = error, set[Any]()

    @property
    def load(self) -> Any:
        """What there is to do."""
        from zoo_serve.served_model import Load

        return Load(len(self.jobs), 0, 0)

    def prepare(self) -> None:
        """Has nothing to build."""

    def accept(self, job: Any) -> list[Any]:
        """Takes a job."""
        self.jobs.add(job)
        return []

    def turn(self) -> list[Any]:
        """Fails."""
        raise self.error

    def end_all(self) -> set[Any]:
        """Ends every job."""
        jobs, self.jobs = self.jobs, set()
        return jobs


@pytest.mark.parametrize("error", [ZeroDivisionError("a bug"), SystemExit(3)])
def test_a_bug_in_a_step_fails_its_jobs_and_the_thread_goes_on(
    caplog: pytest.LogCaptureFixture, error: BaseException
) -> None:
    from zoo_serve.computing import ComputingThread
    from zoo_serve.jobs import CallRequest, Failed, Job

    model: Any = Broken(error)
    computing = ComputingThread({"broken": model}, threads=1)

    async def ask() -> None:
        computing.report_to(asyncio.get_running_loop())
        for _ in range(2):
            job = Job("broken", CallRequest(()))
            computing.submit(job)
            event = await asyncio.wait_for(job.next_event(), 20)
            assert isinstance(event, Failed)
            assert event.error is error

    computing.start()
    try:
        run_coroutine(ask())
    finally:
        computing.stop()
    assert "a step failed" in caplog.text


def test_a_server_closes_when_nothing_has_been_in_flight_for_a_while() -> None:
    import uvicorn

    from zoo_serve.server import QUIET_TICKS, StoppingServer

    service: Any = SimpleNamespace(is_stopping=False, in_flight=2)
    signals: list[int] = []
    config = uvicorn.Config(lambda scope: None, log_config=None)
    server = StoppingServer(config, service, lambda: None, signals.append)

    def ticks(count: int) -> list[bool]:
        return [run_coroutine(server.on_tick(1)) for _ in range(count)]

    assert not any(ticks(2 * QUIET_TICKS))
    assert not service.is_stopping
    server._record(15, None)
    assert not any(ticks(3 * QUIET_TICKS))
    assert service.is_stopping
    assert signals == [2]
    service.in_flight = 0
    assert not any(ticks(QUIET_TICKS - 1))
    service.in_flight = 1
    assert not any(ticks(1))
    service.in_flight = 0
    assert ticks(QUIET_TICKS) == [False] * (QUIET_TICKS - 1) + [True]
    assert signals == [2]
