"""Carrying out a sweep: what is missing in its folder is trained."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Generator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple, TypeAlias, final

from zoo_core.errors import TargetError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.import_strings import make
from zoo_core.plugins.optional_parts import find_engine, find_loggers
from zoo_core.runtime.sweeps.engine import (
    AbstractEngine,
    EngineOptions,
    Job,
    JobEnded,
    JobEvent,
    JobStarted,
)
from zoo_core.runtime.sweeps.local_engine import LocalEngine
from zoo_core.sweeps.checking import check_question
from zoo_core.sweeps.folder import (
    is_sweep,
    lock_sweep_folder,
    read_sweep,
    write_sweep,
)
from zoo_core.sweeps.question import PlannedRun, Question
from zoo_core.sweeps.run_states import SweepRun, forget_failure, record_failure, run_state
from zoo_core.sweeps.sweep import Sweep


@final
class SweepStarted(NamedTuple):
    """The folder is locked and ``sweep.toml`` written; training begins.

    Args:
        folder: The folder of the sweep.
        threads: The threads of torch of each run.
        runs: The runs that are asked for now, as they are before the training.
        jobs: Those of them that are to be trained, in their order.
    """

    folder: Path
    threads: int
    runs: list[SweepRun]
    jobs: list[Job]


SweepEvent: TypeAlias = SweepStarted | JobEvent


def never() -> bool:
    """Returns False: a sweep that nothing stops."""
    return False


def make_engine(catalog: Catalog, name: str, options: EngineOptions) -> AbstractEngine | None:
    """Returns the engine of a name; None for an empty one, which leaves the choice to the caller.

    Raises:
        NotFoundError: No plugin has the engine.
        PluginError: A known plugin has it and is not installed, or is broken.
    """
    if not name:
        return None
    engine: AbstractEngine = make(find_engine(catalog, name).factory, AbstractEngine, options)
    return engine


def run_sweep(
    catalog: Catalog,
    folder: Path,
    questions: Sequence[Question],
    *,
    jobs: int = 0,
    threads: int = 0,
    engine: AbstractEngine | None = None,
    loggers: Sequence[str] = (),
    should_stop: Callable[[], bool] = never,
) -> Generator[SweepEvent | None, None, None]:
    """Trains what is missing of questions into the folder of a sweep.

    Finished runs are left alone, interrupted ones continue from their saved state, and failed ones
    are tried again, except those that diverged, which the same run does again.

    Args:
        catalog: The installed plugins.
        folder: The folder of the sweep, new or with earlier questions; their runs stay.
        questions: What is asked.
        jobs: The number of runs at once of the engine ``local``; 0 for one.
        threads: The threads of torch of each run; 0 for those of the sweep, or in a new one for
            the share of this machine's cores, 1 if the largest run is of a tiny model. The runs of
            other engines have 1.
        engine: What trains; by default processes of this machine.
        loggers: The names of the loggers of each run.
        should_stop: Whether to stop, see ``AbstractEngine.run``.

    Yields:
        ``SweepStarted``, the events of the engine, and None a few times per second.

    Raises:
        ConfigError: A setting is not allowed.
        NotFoundError: There is no such logger.
        TargetError: The folder is in use, holds another sweep or foreign files, or cannot be
            written to.
        ZooError: The data of the first run cannot be read, and those of all others are the same;
            this machine lacks the device or the backend of all runs; or the engine lacks what it
            needs.
    """
    find_loggers(catalog, loggers)
    engine = engine or LocalEngine(jobs or 1)
    asked = Sweep(threads=threads, questions=tuple(questions))
    with lock_sweep_folder(folder):
        sweep, runs = plan_sweep(catalog, folder, asked, threads_share(engine, jobs))
        states = [run_state(folder, run) for run in runs]
        todo = jobs_to_do(folder, runs, states, loggers)
        if todo:
            engine.check()
            if engine.is_local:
                _check_machine(catalog, questions)
                if not is_sweep(folder):
                    _check_data(catalog, questions)
        write_sweep(folder, sweep)
        yield SweepStarted(folder, sweep.threads, states, todo)
        for event in engine.run(todo, should_stop):
            if isinstance(event, JobStarted):
                forget_failure(event.job.folder)
            if isinstance(event, JobEnded) and event.outcome == "failed":
                record_failure(event.job.folder, event.reason, event.exit_code)
            yield event


def plan_sweep(
    catalog: Catalog, folder: Path, asked: Sweep, share: int
) -> tuple[Sweep, list[PlannedRun]]:
    """Adds what is asked to the sweep of a folder, which is locked; nothing is written.

    Args:
        catalog: The installed plugins.
        folder: The folder.
        asked: What is asked.
        share: The most threads of torch of each run where none are asked for.

    Returns:
        The sweep, and those of its runs that are asked for now.

    Raises:
        ConfigError: A setting is not allowed.
        TargetError: The folder holds another sweep, or one with other threads.
    """
    asked = _check(catalog, asked)
    if not is_sweep(folder):
        if not asked.threads:
            asked = replace(asked, threads=settle_threads(catalog, asked, share))
        sweep, runs = asked, asked.runs()
    else:
        known = _check(catalog, read_sweep(folder))
        if asked.threads not in (0, known.threads):
            raise TargetError(
                f"the runs in {folder} have --threads {known.threads}: leave it out, or choose "
                "another folder with --out"
            )
        sweep = known.merged(asked, folder)
        runs = _asked_runs(sweep, known, asked, folder)
    return sweep, runs


def _asked_runs(sweep: Sweep, known: Sweep, asked: Sweep, folder: Path) -> list[PlannedRun]:
    """Returns the runs of a merged sweep that are asked for now, named as in the sweep."""
    alone = Sweep(
        threads=sweep.threads,
        questions=tuple(replace(q, grids=()) for q in known.questions),
    ).merged(asked, folder)
    names = {run.name for run in alone.runs()}
    return [run for run in sweep.runs() if run.name in names]


def jobs_to_do(
    folder: Path, runs: list[PlannedRun], states: list[SweepRun], loggers: Sequence[str] = ()
) -> list[Job]:
    """Returns the jobs of the runs that are neither finished nor bound to fail again."""
    return [
        Job(run.name, folder / run.name, run.run_config, run.extends_vocabulary, tuple(loggers))
        for run, state in zip(runs, states, strict=True)
        if state.state != "finished" and not state.will_fail_again
    ]


def _check_machine(catalog: Catalog, questions: Sequence[Question]) -> None:
    """Checks the device and the backend where all runs have the same, before all of them fail.

    Raises:
        ZooError: What the runs themselves would raise.
    """
    chosen = {(question.base.device, question.base.backend) for question in questions}
    if len(chosen) != 1:
        return
    from zoo_core.runtime.sweeps.first_run import check_machine

    check_machine(catalog, *chosen.pop())


def _check_data(catalog: Catalog, questions: Sequence[Question]) -> None:
    """Checks the data of the first run where all runs have the same, before all of them fail.

    Raises:
        ZooError: What the run itself would raise.
    """
    if len(questions) != 1:
        return
    (question,) = questions
    if any(key.startswith("dataset.") for grid in question.grids for key in grid.keys):
        return
    from zoo_core.runtime.sweeps.first_run import check_data

    check_data(catalog, next(question.runs(0)))


def threads_share(engine: AbstractEngine | None, jobs: int) -> int:
    """Returns the most threads of torch of a run where none are asked for.

    Args:
        engine: What trains; None for the engine ``local``.
        jobs: The number of runs at once; 0 for the engine's choice.
    """
    if engine and not engine.is_local:
        return 1  # the cores of its machines are not known, and runs beside each other lose nothing
    return max(1, _count_cores() // (jobs or 1))


def settle_threads(catalog: Catalog, sweep: Sweep, share: int) -> int:
    """Returns the threads of torch of each run of a new sweep.

    Args:
        catalog: The installed plugins.
        sweep: The new sweep.
        share: The most threads of each run.

    Returns:
        The share, or fewer if the largest run of every question takes fewer by itself.
    """
    from zoo_core.runtime.sweeps.first_run import threads_alone

    threads = 1
    for question in sweep.questions:
        if threads < share:
            largest = max(question.runs(share), key=_size)
            threads = max(threads, min(share, threads_alone(catalog, largest, share)))
    return threads


def _size(run: PlannedRun) -> int:
    """Returns a number that grows with the work of a step, as far as the varied settings tell."""
    sizes = [
        value
        for key, value in run.settings.items()
        if type(value) is int and (key.startswith("model.") or key == "trainer.batch_size")
    ]
    return math.prod(max(value, 1) for value in sizes)


def _count_cores() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else os.cpu_count() or 1


def _check(catalog: Catalog, sweep: Sweep) -> Sweep:
    questions = tuple(check_question(catalog, question) for question in sweep.questions)
    return replace(sweep, questions=questions)
