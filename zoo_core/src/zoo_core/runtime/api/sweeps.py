"""``zoo_core.sweep``."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias, final

from zoo_core.arguments import check_arguments
from zoo_core.errors import ConfigError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.recipes.nearest import report_defaults
from zoo_core.recipes.resolve import check_option, check_sections, resolve_run
from zoo_core.runtime.api.arguments import Settings, check_count
from zoo_core.runtime.sweeps.engine import (
    EngineOptions,
    JobAdvanced,
    JobEnded,
    JobEvent,
    JobMessage,
)
from zoo_core.runtime.sweeps.sweep import SweepStarted, make_engine, run_sweep
from zoo_core.runtime.training.progress_lines import ProgressLines
from zoo_core.sweeps.asking import Asked
from zoo_core.sweeps.checking import check_question
from zoo_core.sweeps.folder import default_folder
from zoo_core.sweeps.ranges import is_range
from zoo_core.sweeps.run_states import SweepRun, list_sweep_runs

SweepListener: TypeAlias = Callable[[SweepStarted | JobEvent], None]
"""Receives the events of a sweep, of ``zoo_core.runtime.sweeps``."""

logger = logging.getLogger(__name__)


@final
@dataclass(frozen=True, kw_only=True)
class SweepResult:
    """A sweep that was carried out.

    Args:
        folder: The folder of the sweep.
        threads: The threads of torch of each run.
        runs: The runs that were asked for, finished before or now, or failed with a reason.
    """

    folder: Path
    threads: int
    runs: tuple[SweepRun, ...]

    def table(self) -> list[dict[str, Any]]:
        """Returns a row for each run, for ``pandas.DataFrame(result.table())``.

        Columns: ``name``, ``path``, ``model``, ``recipe``, ``dataset``, ``seed``, what varies by
        flat key such as ``model.hidden_size``, ``state``, ``reason``, ``epochs``, ``tokens``,
        ``seconds``, ``tokens_per_second``, and metrics such as ``validation.loss``.
        """
        return [run.row() for run in self.runs]


@check_arguments()
def sweep(
    name: str,
    out: str | Path | None = None,
    *,
    seeds: Sequence[int] = (),
    vary: Settings | None = None,
    random: int = 0,
    jobs: int = 0,
    engine: str = "",
    dataset: str = "",
    trainer: str = "",
    settings: Settings | None = None,
    budget: float = 0.0,
    device: str = "auto",
    threads: int = 0,
    backend: str = "auto",
    precision: str = "fp32",
    loggers: Sequence[str] = (),
    listen: SweepListener | None = None,
) -> SweepResult:
    """Trains every combination of settings and seeds that its folder lacks.

    A run that fails does not stop the others; its state and reason are in the result. After Ctrl+C,
    the same call continues.

    >>> result = sweep("lstm-embed.hello", seeds=range(3), vary={"model": {"hidden_size": [8, 16]}})
    >>> pandas.DataFrame(result.table())

    Args:
        name: ``model`` or ``model.tag``.
        out: The folder of the sweep; by default one in ``ZOO_HOME/sweeps`` that depends on the
            settings and on which of them vary, but not on the values and seeds.
        seeds: The seeds; by default the recipe's.
        vary: Lists of values by section and key, or, with ``random``, ranges such as
            ``log:1e-4..1e-1`` and ``int:64..512``.
        random: The number of settings to draw, of which equal ones are one run; 0 for every
            combination.
        jobs: The number of runs at once; 0 for 1, or for as many as another engine has room for.
        engine: The name of what trains, such as ``ray``; empty for processes of this machine.
        dataset: A dataset instead of the recipe's.
        trainer: A trainer instead of the recipe's.
        settings: The settings of every run by section and key.
        budget: The seconds of each run; 0 for no limit.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        threads: The threads of torch of each run; 0 for its share of the cores.
        backend: The kernel that runs the recurrence.
        precision: ``fp32``, or ``bf16`` for matrix products in bfloat16.
        loggers: The names of the loggers of each run, such as ``csv``.
        listen: A function that receives every event.

    Raises:
        ConfigError: A setting, a range, a seed or another number is not allowed.
        TargetError: The folder is in use, or holds other files or another sweep.
    """
    check_count("jobs", jobs)
    check_count("random", random)
    check_option("threads", threads)
    for seed in seeds:
        check_option("seed", seed)
    check_sections(settings or {})
    check_sections(vary or {})
    catalog = load_catalog()
    chosen_engine = make_engine(catalog, engine, EngineOptions(jobs))
    resolved = resolve_run(catalog, name, dataset=dataset, trainer=trainer)
    asked = _asked(vary or {}, random)
    first = asked.first()
    values = {
        section: {**(settings or {}).get(section, {}), **first.get(section, {})}
        for section in {**(settings or {}), **first}
    }
    run_config = resolved.run_config(
        values, threads=0, budget=budget, device=device, backend=backend, precision=precision
    )
    question = check_question(catalog, asked.question(resolved, run_config, seeds))
    report_defaults(catalog, resolved, run_config)
    folder = Path(out) if out else default_folder(question)
    events = run_sweep(
        catalog,
        folder,
        [question],
        jobs=jobs,
        threads=threads,
        engine=chosen_engine,
        loggers=loggers,
    )
    lines: dict[str, ProgressLines] = {}
    started: SweepStarted | None = None
    with contextlib.closing(events):
        for event in events:
            if isinstance(event, SweepStarted):
                started = event
            elif event is not None:
                _log(event, lines.setdefault(event.job.name, ProgressLines()))
            if listen and event is not None:
                listen(event)
    assert started is not None, "a sweep that is not refused has begun"
    names = {run.name for run in started.runs}
    runs = tuple(run for run in list_sweep_runs(folder) if run.name in names)
    return SweepResult(folder=folder, threads=started.threads, runs=runs)


def _asked(vary: Settings, random: int) -> Asked:
    """Returns what varies.

    Raises:
        ConfigError: A setting has neither a list of values nor a range.
    """
    values: dict[str, list[Any]] = {}
    ranges: dict[str, str] = {}
    for section, table in vary.items():
        for key, given in table.items():
            flat = f"{section}.{key}"
            if isinstance(given, str) and is_range(given):
                ranges[flat] = given
            elif isinstance(given, Collection) and not isinstance(given, str) and len(given):
                values[flat] = list(given)
            else:
                raise ConfigError(f"{flat} = {given!r:.80}: expected a list of values or a range")
    return Asked(values, ranges, random)


def _log(event: JobEvent, lines: ProgressLines) -> None:
    if isinstance(event, JobEnded):
        reason = f": {event.reason}" if event.reason else ""
        level = logging.WARNING if event.outcome == "failed" else logging.INFO
        logger.log(level, "%s %s%s", event.job.name, event.outcome, reason)
    elif isinstance(event, JobMessage):
        logger.info("%s: %s", event.job.name, event.text)
    elif isinstance(event, JobAdvanced) and (line := lines.line(event.event)):
        logger.info("%s: %s", event.job.name, line)
