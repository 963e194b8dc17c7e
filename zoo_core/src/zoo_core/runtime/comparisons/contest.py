"""A contest: models that are trained by turns under one equal budget, to be compared."""

from __future__ import annotations

import hashlib
import json
import logging
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, final

from zoo_core.comparisons.comparison import COVERAGE, find_metric
from zoo_core.comparisons.find_runs import find_runs
from zoo_core.comparisons.turns import Turn, read_turns, write_turns
from zoo_core.errors import ConfigError, MisfitError, NotFoundError, ZooError, suggest
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.specs import ModelSpec
from zoo_core.recipes.recipe import choose_recipes
from zoo_core.recipes.resolve import check_option, check_sections, resolve_run
from zoo_core.references import Named, parse_reference
from zoo_core.run_folder.local_runs import find_bare_folder, find_run_folder
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.sweeps.engine import AbstractEngine, JobEnded
from zoo_core.runtime.sweeps.local_engine import LocalEngine
from zoo_core.runtime.sweeps.sweep import SweepEvent, SweepStarted, never, run_sweep
from zoo_core.storage.locations import zoo_home
from zoo_core.sweeps.folder import is_sweep
from zoo_core.sweeps.grid import Grid
from zoo_core.sweeps.question import Question
from zoo_core.sweeps.run_states import SweepRun, list_sweep_runs

if TYPE_CHECKING:
    from zoo_core.runtime.datasets.dataset import AbstractDataset

DEFAULT_SEEDS = (0, 1, 2)
"""The seeds of a comparison; three are the fewest that show a spread worth the name."""
NO_END = 1_000_000
"""The epochs of a run that a budget ends."""

logger = logging.getLogger(__name__)


@final
@dataclass(frozen=True, kw_only=True)
class Budget:
    """What every run of a comparison may use; the default is what each model's recipe says.

    Args:
        seconds: Seconds of training and evaluation together, as ``zoo train --budget``; 0 for no
            limit.
        tokens: Targets to predict in training; 0 for no limit.
        epochs: Epochs; 0 for those of the recipe or the default.
    """

    seconds: float = 0.0
    tokens: int = 0
    epochs: int = 0

    def __post_init__(self) -> None:
        given = [name for name in ("seconds", "tokens", "epochs") if getattr(self, name)]
        if len(given) > 1:
            raise ConfigError(f"a budget of {' and of '.join(given)}: choose one of them")


@final
@dataclass(frozen=True, kw_only=True)
class Contest:
    """What to train for a comparison.

    Args:
        dataset: The dataset of every run; empty for that of the default recipes.
        seeds: The seeds.
        budget: What every run may use.
        settings: Settings of every run by section and key; they beat those of the recipes.
        options: Other fields of the run config, such as ``device``.
        threads: The threads of torch of each run; 0 chooses.
    """

    dataset: str = ""
    seeds: tuple[int, ...] = DEFAULT_SEEDS
    budget: Budget = Budget()
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    options: Mapping[str, Any] = field(default_factory=dict)
    threads: int = 0

    def __post_init__(self) -> None:
        check_option("threads", self.threads)
        for seed in self.seeds:
            check_option("seed", seed)
        check_sections(self.settings)

    def questions(self, catalog: Catalog, references: Sequence[str]) -> list[Question]:
        """Returns a question for each model or recipe.

        Raises:
            ConfigError: A setting is not allowed.
            MisfitError: The models would be trained on different datasets.
            NotFoundError: A name is unknown or ambiguous.
        """
        bases = {
            reference: self._run_config(catalog, reference)
            for reference in dict.fromkeys(references)
        }
        _check_one_dataset(bases)
        return [
            Question(base=base, grids=(Grid(seeds=self.seeds),), label=f"model={reference}")
            for reference, base in bases.items()
        ]

    def folder(self, questions: Sequence[Question]) -> Path:
        """Returns the folder of the runs; other models and seeds of the same contest share it."""
        base = questions[0].base
        asked = {
            "dataset": [base.name("dataset"), self.dataset, base.configs["dataset"]],
            "settings": {section: dict(table) for section, table in self.settings.items()},
            "budget": [self.budget.seconds, self.budget.tokens, self.budget.epochs],
            "options": dict(self.options),
            "threads": self.threads,
        }
        text = json.dumps(asked, sort_keys=True, default=str)
        digest = hashlib.sha256(text.encode()).hexdigest()[:8]
        return zoo_home() / "comparisons" / f"{base.dataset}-{digest}"

    def training(
        self, catalog: Catalog, references: Sequence[str], engine: AbstractEngine | None = None
    ) -> Training:
        """Returns the training of what is missing of models and recipes; see ``questions``.

        Args:
            catalog: The installed plugins.
            references: The models and recipes.
            engine: What trains; by default one process of this machine after another.
        """
        questions = self.questions(catalog, references)
        return Training(catalog, self.folder(questions), questions, self.threads, engine)

    def _run_config(self, catalog: Catalog, reference: str) -> RunConfig:
        resolved = resolve_run(catalog, reference, dataset=self.dataset)
        settings = {section: dict(table) for section, table in self.settings.items()}
        trainer = settings.setdefault("trainer", {})
        budget = self.budget
        if budget.epochs:
            trainer["epochs"] = budget.epochs
        limits = {"budget": budget.seconds, "token_budget": budget.tokens}
        run_config = resolved.run_config(settings, seed=0, **limits, **self.options)
        if not (budget.seconds or budget.tokens) or "epochs" in trainer:
            return run_config
        values = run_config.configs["trainer"]
        if schedule := values.get("schedule"):
            logger.warning(
                "%s has the schedule %s over %s epochs, which a budget cuts; compare with equal "
                "epochs, or with --trainer.schedule none",
                reference,
                schedule,
                values["epochs"],
            )
            return run_config
        trainer = {**values, "epochs": NO_END}
        return replace(run_config, configs={**run_config.configs, "trainer": trainer})


def _check_one_dataset(bases: Mapping[str, RunConfig]) -> None:
    (first, base), *others = bases.items()
    for reference, other in others:
        if other.name("dataset") != base.name("dataset"):
            raise MisfitError(
                f"{first} is trained on {base.dataset} and {reference} on {other.dataset}: name "
                "one dataset for all with --dataset"
            )


def _check_metric(
    catalog: Catalog, run_config: RunConfig, metric: str, datasets: dict[str, AbstractDataset]
) -> None:
    """Checks that a run will have a metric, unless it cannot be built, which its training reports.

    Args:
        catalog: The installed plugins.
        run_config: The run config.
        metric: ``metric`` or ``split.metric``.
        datasets: The datasets of other runs, by name and settings, which are not read again; that
            of this run is added.

    Raises:
        NotFoundError: It will not have it.
    """
    from zoo_core.runtime.building.build import make_dataset, make_trainer, training_signature

    settings = run_config.configs["dataset"]
    key = json.dumps([run_config.name("dataset"), settings], sort_keys=True, default=str)
    try:
        dataset = datasets.get(key) or make_dataset(catalog, run_config, None)
        datasets[key] = dataset
        signature = training_signature(catalog, run_config, dataset)
        trainer = make_trainer(catalog, run_config, signature)
    except Exception:  # of a plugin, which may raise anything
        return
    names = [*trainer.objective.directions, *dataset.further_metric_names]
    split, _, name = metric.rpartition(".")
    if name in (*names, COVERAGE) and split in ("", *dataset.splits):
        return
    choices = [*names, *(f"{part}.{key}" for part in dataset.splits for key in names)]
    what_there_is = f"there are {', '.join(names)}, on {' and '.join(dataset.splits)}"
    raise NotFoundError(
        f"{run_config.model} on {run_config.dataset} has no metric {metric!r}; "
        f"{suggest(metric, choices) or what_there_is}"
    )


def is_trained(catalog: Catalog, reference: str) -> bool:
    """Whether a contest trains what a reference names: a model or recipe, not a run or folder.

    A name that nothing has counts as a mistyped model.
    """
    try:
        parsed = parse_reference(reference)
    except NotFoundError:
        return False
    if not isinstance(parsed, Named) or find_run_folder(reference):
        return False
    return bool(catalog.named(ModelSpec, parsed.name)) or not find_bare_folder(reference)


def expand(catalog: Catalog, references: Sequence[str]) -> list[str]:
    """Returns references with the recipes in the place of patterns such as ``*.python-docs``."""
    names = []
    for reference in references:
        if "*" in reference and "/" not in reference:
            names += [recipe.name for recipe in choose_recipes(catalog, [reference])]
        else:
            names.append(reference)
    return names


@final
class Training:
    """The training of what a contest lacks.

    Args:
        catalog: The installed plugins.
        folder: The folder of the runs.
        questions: One for each model.
        threads: The threads of torch of each run; 0 chooses.
        engine: What trains; by default one process of this machine after another.
    """

    def __init__(
        self,
        catalog: Catalog,
        folder: Path,
        questions: Sequence[Question],
        threads: int,
        engine: AbstractEngine | None = None,
    ) -> None:
        self.catalog, self.folder, self.questions = catalog, folder, questions
        # A process for each run, so that none has the caches of another one.
        self.threads, self.engine = threads, engine or LocalEngine(1, reuse=False)
        self._asked: set[str] = set()

    def events(self, should_stop: Callable[[], bool] = never) -> Iterator[SweepEvent | None]:
        """Trains one run after another: every model for a seed, then the next seed.

        ``turns.json`` in the folder notes which runs took turns in this session; those of another
        engine than the local one did not.

        Args:
            should_stop: Whether to stop: the present run saves and ends.

        Yields:
            The events of a sweep.

        Raises:
            TargetError: The folder is in use, holds foreign files, or cannot be written to.
            ZooError: The data cannot be read, which are the same for all runs.
        """
        from zoo_core.runtime.hardware.machine import machine_facts

        if self.engine.is_local and not is_sweep(self.folder):
            self._check_data()
        session = secrets.token_hex(4)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        about = {"started": started, "engine": "local", **machine_facts()}
        begun: set[str] = set()
        for event in run_sweep(
            self.catalog,
            self.folder,
            self.questions,
            threads=self.threads,
            engine=self.engine,
            should_stop=should_stop,
        ):
            if isinstance(event, SweepStarted):
                self._asked = {run.name for run in event.runs}
                begun = {
                    run.name for run in event.runs if run.state in ("interrupted", "unfinished")
                }
            if isinstance(event, JobEnded) and event.outcome == "finished" and self.engine.is_local:
                turns = read_turns(self.folder)
                turns = turns._replace(sessions={**turns.sessions, session: about})
                turn = Turn(session, is_whole=event.job.name not in begun)
                write_turns(self.folder, turns.with_run(event.job.name, turn))
            yield event

    def check_metric(self, metric: str) -> None:
        """Checks that the runs will have a metric, as far as that is known before the training.

        Finished runs tell it. Without any, trainers and datasets do, which name their metrics; for
        another engine than the local one, the data may lie elsewhere.

        Args:
            metric: ``metric`` or ``split.metric``.

        Raises:
            NotFoundError: They will not have it.
        """
        labels = {question.label for question in self.questions}
        runs = list_sweep_runs(self.folder) if is_sweep(self.folder) else []
        finished = [run.path for run in runs if run.state == "finished" and run.label in labels]
        if finished:
            try:
                found = find_runs(finished)
            except ZooError:  # a damaged one, which may be of a seed that is not asked for
                return
            find_metric(found.runs, metric)
        elif self.engine.is_local:
            datasets: dict[str, AbstractDataset] = {}
            for question in self.questions:
                _check_metric(self.catalog, question.base, metric, datasets)

    def _check_data(self) -> None:
        """Reads the data where all models have the same, before every run fails."""
        from zoo_core.runtime.building.build import make_dataset, training_signature

        first, *others = self.questions
        settings = first.base.configs["dataset"]
        if all(question.base.configs["dataset"] == settings for question in others):
            dataset = make_dataset(self.catalog, first.base, None)
            training_signature(self.catalog, first.base, dataset)

    def runs(self) -> list[SweepRun]:
        """Returns the runs that were asked for, after ``events``."""
        return [run for run in list_sweep_runs(self.folder) if run.name in self._asked]
