"""``zoo reproduce`` with several seeds or jobs: its recipes are the questions of a sweep."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import final

from zoo_cli.terminal.signals import GracefulInterrupt
from zoo_cli.terminal.sweep_view import run_and_show
from zoo_core.errors import ZooError
from zoo_core.plugins.catalog import Catalog
from zoo_core.recipes.recipe import Recipe
from zoo_core.recipes.reproduction import ReproductionResult, compare_seeds, failed
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.manifest import read_manifest
from zoo_core.runtime.sweeps.engine import AbstractEngine, JobEnded
from zoo_core.runtime.sweeps.sweep import SweepEvent, SweepStarted, run_sweep
from zoo_core.sweeps.checking import check_question
from zoo_core.sweeps.folder import sweeps_folder
from zoo_core.sweeps.grid import Grid
from zoo_core.sweeps.question import Question
from zoo_core.sweeps.run_states import SweepRun, result_of

AddRow = Callable[[ReproductionResult], None]


def reproduce_as_sweep(
    catalog: Catalog,
    recipes: Sequence[Recipe],
    *,
    seeds: Sequence[int],
    jobs: int,
    engine: AbstractEngine | None,
    threads: int,
    folder: Path | None,
    run_choices: Mapping[str, str],
    add: AddRow,
    command: str,
) -> None:
    """Trains what is missing of recipes, and adds the row of each recipe when it is complete.

    Args:
        catalog: The installed plugins.
        recipes: The recipes.
        seeds: The seeds; none for the recipe's own.
        jobs: The number of runs at once; 0 for the engine's choice.
        engine: What trains; by default processes of this machine.
        threads: The threads of torch of each run; 0 for the share of the cores.
        folder: The folder of the sweep; by default one in ``ZOO_HOME/sweeps``.
        run_choices: Device and backend.
        add: Receives the rows.
        command: The command that continues, as it was typed.

    Raises:
        Interrupted: A signal came; every run that had made a step is saved, and the rows of
            complete recipes are added.
        ZooError: The sweep was refused.
    """
    rows = _Rows(add)
    questions = []
    for recipe in recipes:
        try:
            question = _question(catalog, recipe, seeds, run_choices)
        except ZooError as error:
            rows.add_failure(recipe, str(error))
            continue
        rows.recipes[question.label] = recipe
        questions.append(question)
    if not questions:
        return
    folder = folder or _default_folder(run_choices)
    with GracefulInterrupt(announces=False) as interrupt:
        events = run_sweep(
            catalog,
            folder,
            questions,
            jobs=jobs,
            engine=engine,
            threads=threads,
            should_stop=lambda: interrupt.signal is not None,
        )
        run_and_show(rows.watch(events), interrupt, command)


def _question(
    catalog: Catalog, recipe: Recipe, seeds: Sequence[int], run_choices: Mapping[str, str]
) -> Question:
    resolved = resolve_run(catalog, f"{recipe.plugin.name}:{recipe.name}")
    base = resolved.run_config(None, **run_choices)
    grid = Grid(seeds=tuple(dict.fromkeys(seeds)) or (base.seed,))
    return check_question(
        catalog, Question(base=base, grids=(grid,), label=f"recipe={recipe.name}")
    )


def _default_folder(run_choices: Mapping[str, str]) -> Path:
    """Returns the folder of reproductions with these choices and the installed versions."""
    versions = {name: version(name) for name in ("torch", "zoo-core")}
    text = json.dumps({**run_choices, **versions}, sort_keys=True)
    return sweeps_folder() / f"reproduce-{hashlib.sha256(text.encode()).hexdigest()[:8]}"


@final
class _Rows:
    """Makes the row of a recipe when the last of its runs has ended.

    Args:
        add: Receives the rows.
    """

    def __init__(self, add: AddRow) -> None:
        self.recipes: dict[str, Recipe] = {}
        self._add = add
        self._date = datetime.now(UTC).isoformat(timespec="seconds")
        self._runs: dict[str, list[SweepRun]] = {}
        self._waiting: dict[str, set[str]] = {}

    def add_failure(self, recipe: Recipe, reason: str) -> None:
        """Adds the row of a recipe that cannot be trained."""
        seed = int(recipe.tables.get("seed", 0))
        self._add(failed(recipe, reason, seconds=0.0, seed=seed, date=self._date))

    def watch(self, events: Iterator[SweepEvent | None]) -> Iterator[SweepEvent | None]:
        """Yields events, and adds the rows that they complete."""
        for event in events:
            yield event
            if isinstance(event, SweepStarted):
                self._start(event)
            elif isinstance(event, JobEnded) and event.outcome != "interrupted":
                self._end(event.job.name)

    def _start(self, event: SweepStarted) -> None:
        jobs = {job.name for job in event.jobs}
        for run in event.runs:
            self._runs.setdefault(run.label, []).append(run)
            self._waiting.setdefault(run.label, set())
            if run.name in jobs:
                self._waiting[run.label].add(run.name)
        for label, waiting in self._waiting.items():
            if not waiting:
                self._add_row(label)

    def _end(self, name: str) -> None:
        for label, waiting in self._waiting.items():
            if name in waiting:
                waiting.discard(name)
                if not waiting:
                    self._add_row(label)

    def _add_row(self, label: str) -> None:
        recipe, runs = self.recipes[label], self._runs[label]
        results = {run.seed: result_of(run.path) for run in runs}
        seconds = sum(result.seconds for result in results.values())
        for seed, result in sorted(results.items()):
            if result.state != "finished":
                reason = f"seed {seed}: {result.reason or result.state}"
                row = failed(recipe, reason, seconds=seconds, seed=seed, date=self._date)
                break
        else:
            metrics = {seed: result.metrics for seed, result in results.items()}
            objective = read_manifest(runs[0].path).objective
            row = compare_seeds(recipe, metrics, objective, seconds=seconds, date=self._date)
        self._add(row)
