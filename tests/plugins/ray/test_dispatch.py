"""Handing jobs to a cluster: a simulated one, which says what would happen on a real one."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import final

import pytest

from zoo_core.errors import RefusedError
from zoo_core.run_folder.run_config import SECTIONS, RunConfig
from zoo_core.runtime.sweeps.engine import (
    Job,
    JobAdvanced,
    JobEnded,
    JobEvent,
    JobMessage,
    JobStarted,
)
from zoo_core.runtime.sweeps.messages import event_to_line
from zoo_core.runtime.training.events import EpochEnded
from zoo_ray.dispatch import (
    AHEAD,
    RETRIES,
    AbstractTasks,
    Death,
    Dispatch,
    Fault,
)
from zoo_ray.parcels import Parcel

pytestmark = pytest.mark.full

RUN_CONFIG = RunConfig(
    model="model",
    dataset="dataset",
    trainer="trainer",
    plugins=dict.fromkeys(SECTIONS, "plugin"),
    configs={section: {} for section in SECTIONS},
)
EPOCH = EpochEnded(1, 1, {"train": {"loss": 1.0}}, True, 100.0, 0.1, "", 1.0, "")
Arrival = Parcel | Death | Fault


@final
class SimulatedTasks(AbstractTasks):
    """A cluster with some slots, in which a run takes three turns.

    Args:
        slots: The runs at once.
        sends: What the task of a job sends after it has begun, by default an epoch and the end.
    """

    def __init__(self, slots: int, sends: Callable[[Job], list[Arrival]] | None = None) -> None:
        self.slots, self._sends = slots, sends or whole_run
        self.most = 0
        self.submitted: list[str] = []
        self.abandoned: list[int] = []
        self.is_stopped = False
        self._waiting: deque[tuple[int, Job]] = deque()
        self._running: dict[int, deque[Arrival]] = {}

    def count_slots(self) -> int:
        return self.slots

    def submit(self, job: Job) -> int:
        self.submitted.append(job.name)
        number = len(self.submitted)
        self._waiting.append((number, job))
        self.most = max(self.most, len(self._waiting) + len(self._running))
        return number

    def wait(self, timeout: float) -> list[tuple[int, Arrival]]:
        while self._waiting and len(self._running) < self.slots:
            number, job = self._waiting.popleft()
            sends = [begun(), *self._sends(job)]
            self._running[number] = deque([refused("")] if self.is_stopped else sends)
        arrivals = [(number, queue.popleft()) for number, queue in self._running.items() if queue]
        self._running = {number: queue for number, queue in self._running.items() if queue}
        return arrivals

    def stop(self) -> None:
        self.is_stopped = True
        for number in self._running:
            self._running[number] = deque([ended("interrupted")])

    def abandon(self, number: int) -> None:
        self.abandoned.append(number)


def begun(*, is_shared: bool = True) -> Parcel:
    return Parcel("begun", {"host": "worker", "is_shared": is_shared})


def refused(reason: str) -> Parcel:
    return Parcel("refused", {"reason": reason})


def ended(outcome: str) -> Parcel:
    line = event_to_line(JobEnded(_job("any"), outcome))  # type: ignore[arg-type]
    return Parcel("ended", {}, line.encode())


def whole_run(job: Job) -> list[Arrival]:
    events = event_to_line(JobAdvanced(job, EPOCH)).encode()
    return [Parcel("events", {}, events), ended("finished")]


def _job(name: str, folder: Path = Path("nowhere")) -> Job:
    return Job(name, folder / name, RUN_CONFIG)


def _carry_out(
    tasks: SimulatedTasks,
    jobs: list[Job],
    *,
    limit: int = 0,
    should_stop: Callable[[list[JobEvent]], bool] = lambda seen: False,
) -> list[JobEvent]:
    seen: list[JobEvent] = []
    for event in Dispatch(tasks, limit).run(jobs, lambda: should_stop(seen)):
        if event is not None:
            seen.append(event)
    return seen


def _outcomes(events: list[JobEvent]) -> dict[str, str]:
    return {event.job.name: event.outcome for event in events if isinstance(event, JobEnded)}


def test_ten_thousand_jobs_are_never_in_the_cluster_at_once() -> None:
    tasks = SimulatedTasks(slots=4)
    jobs = [_job(f"seed={seed}") for seed in range(10_000)]
    events = _carry_out(tasks, jobs)
    assert tasks.most == 4 + AHEAD
    assert tasks.submitted == [job.name for job in jobs]
    assert set(_outcomes(events).values()) == {"finished"}
    assert len(_outcomes(events)) == 10_000


def test_a_cluster_that_grows_gets_more_jobs() -> None:
    tasks = SimulatedTasks(slots=1)

    def grow(seen: list[JobEvent]) -> bool:
        tasks.slots = 20 if len(_outcomes(seen)) > 10 else 1
        return False

    _carry_out(tasks, [_job(f"seed={seed}") for seed in range(100)], should_stop=grow)
    assert tasks.most == 20 + AHEAD


def test_a_limit_holds_whatever_room_there_is() -> None:
    tasks = SimulatedTasks(slots=50)
    _carry_out(tasks, [_job(f"seed={seed}") for seed in range(100)], limit=2)
    assert tasks.most == 2


def test_a_job_has_its_events_in_order() -> None:
    (first, second, third) = _carry_out(SimulatedTasks(1), [_job("seed=0")])
    assert isinstance(first, JobStarted)
    assert isinstance(second, JobAdvanced)
    assert second.event == EPOCH
    assert third == JobEnded(_job("seed=0"), "finished")


@pytest.mark.parametrize("deaths", [1, RETRIES, RETRIES + 1])
def test_a_run_whose_worker_dies_is_handed_out_again(deaths: int) -> None:
    left = [deaths]

    def sends(job: Job) -> list[Arrival]:
        left[0] -= 1
        return [Death("the node went away")] if left[0] >= 0 else whole_run(job)

    tasks = SimulatedTasks(2, sends)
    events = _carry_out(tasks, [_job("seed=0")])
    assert len([event for event in events if isinstance(event, JobStarted)]) == 1
    messages = [event.text for event in events if isinstance(event, JobMessage)]
    assert messages[0] == "its worker died (1): the node went away; it continues"
    if deaths <= RETRIES:
        assert _outcomes(events) == {"seed=0": "finished"}
    else:
        ended = events[-1]
        assert isinstance(ended, JobEnded)
        assert ended.outcome == "failed"
        assert ended.reason == f"its worker died {deaths} times: the node went away"


def test_a_stop_ends_what_runs_and_begins_nothing_else() -> None:
    tasks = SimulatedTasks(slots=2)
    jobs = [_job(f"seed={seed}") for seed in range(100)]
    events = _carry_out(tasks, jobs, should_stop=lambda seen: len(seen) > 0)
    assert _outcomes(events) == {"seed=0": "interrupted", "seed=1": "interrupted"}
    assert len(tasks.submitted) == 2 + AHEAD


def test_a_caller_that_goes_away_stops_the_runs() -> None:
    tasks = SimulatedTasks(slots=2)
    events = Dispatch(tasks).run([_job(f"seed={seed}") for seed in range(9)], lambda: False)
    assert isinstance(next(event for event in events if event), JobStarted)
    events.close()  # type: ignore[attr-defined]
    assert tasks.is_stopped
    assert tasks.abandoned == [3, 4, 5, 6, 7, 8, 9]


def test_a_worker_that_differs_stops_the_sweep_by_name() -> None:
    tasks = SimulatedTasks(1, lambda job: [refused("late: torch is 2.6.0, here 2.7.1")])
    expected = "the worker on late: torch is 2.6.0, here 2.7.1; install the same versions there"
    with pytest.raises(RefusedError, match=expected):
        _carry_out(tasks, [_job("seed=0"), _job("seed=1")])


def test_a_task_that_raises_fails_its_run_alone() -> None:
    tasks = SimulatedTasks(
        1, lambda job: [Fault("OSError: gone")] if job.name == "seed=0" else whole_run(job)
    )
    events = _carry_out(tasks, [_job("seed=0"), _job("seed=1")])
    assert _outcomes(events) == {"seed=0": "failed", "seed=1": "finished"}


def test_a_file_that_arrives_altered_fails_the_run_and_leaves_nothing(tmp_path: Path) -> None:
    file = Parcel("file", {"name": "config.json", "sha256": "0" * 64, "is_last": True}, b"{}")
    tasks = SimulatedTasks(1, lambda job: [file, ended("finished")])
    (_, last) = _carry_out(tasks, [_job("seed=0", tmp_path)])
    assert isinstance(last, JobEnded)
    assert (last.outcome, last.exit_code) == ("failed", 4)
    assert "has sha256" in last.reason
    assert list(tmp_path.iterdir()) == []
