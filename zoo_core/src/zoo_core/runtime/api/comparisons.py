"""``zoo_core.compare``."""

from __future__ import annotations

import logging
import math
from collections.abc import Sequence
from pathlib import Path

from zoo_core.arguments import check_arguments
from zoo_core.comparisons.comparison import Comparison
from zoo_core.errors import ConfigError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.runtime.api.arguments import WORDS, Settings, as_reference
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.comparisons.contest import (
    DEFAULT_SEEDS,
    Budget,
    Contest,
    expand,
    is_trained,
)
from zoo_core.runtime.comparisons.files import check_comparison_folder, write_comparison
from zoo_core.runtime.comparisons.references import check_references, compare_references
from zoo_core.runtime.sweeps.engine import EngineOptions, JobEnded
from zoo_core.runtime.sweeps.sweep import make_engine
from zoo_core.sweeps.run_states import SweepRun

logger = logging.getLogger(__name__)


@check_arguments(WORDS)
def compare(
    references: Sequence[str | Path | Checkpoint],
    *,
    metric: str = "",
    target: float | None = None,
    dataset: str = "",
    seeds: Sequence[int] = (),
    budget: float = 0.0,
    epochs: int = 0,
    tokens: int = 0,
    settings: Settings | None = None,
    device: str = "auto",
    threads: int = 0,
    engine: str = "",
    out: str | Path | None = None,
) -> Comparison:
    """Compares runs over their seeds; ``Comparison.table`` is what ``pandas.DataFrame`` takes.

    With ``seeds``, ``budget``, ``epochs`` or ``tokens`` the models and recipes among the references
    are trained where runs are missing: one after another in processes of their own, every model
    with the first seed before any with the next. A call that is interrupted continues where it was.

    Args:
        references: Checkpoints, local runs, folders of runs, sweeps; and models and recipes, which
            name pretrained checkpoints unless they are trained.
        metric: ``metric`` or ``split.metric`` to sort by; empty for the loss.
        target: The value of the metric to reach.
        dataset: The dataset to train on; empty for that of the default recipes.
        seeds: The seeds to train; by default 0, 1 and 2.
        budget: Seconds of each run, of which training takes four fifths; 0 for no limit.
        epochs: Epochs of each run; 0 for those of the recipes.
        tokens: Targets that each run predicts in training; 0 for no limit.
        settings: Settings of every run, by section.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        threads: The threads of torch of each run; 0 chooses.
        engine: The name of what trains, such as ``ray``; empty for processes of this machine.
        out: A folder for table, CSV, JSON and picture.

    Raises:
        ConfigError: A setting or a number is not allowed, there are two budgets, or there are no
            references.
        MisfitError: The runs are on different data, or none has ended.
        NotFoundError: A name is unknown, or a run has no such metric.
        TargetError: A folder cannot be written to.
    """
    if not references:
        raise ConfigError("references = []: expected at least one checkpoint, run, sweep or model")
    if target is not None and not math.isfinite(target):
        raise ConfigError(f"target = {target}: expected a finite number")
    catalog = load_catalog()
    if out is not None:
        check_comparison_folder(Path(out))
    names = expand(catalog, [as_reference(reference) for reference in references])
    models, trained = [], list[SweepRun]()
    if seeds or budget or epochs or tokens:
        models = [name for name in names if is_trained(catalog, name)]
    others = [name for name in names if name not in models]
    if models:
        contest = Contest(
            dataset=dataset,
            seeds=tuple(seeds) or DEFAULT_SEEDS,
            budget=Budget(seconds=budget, tokens=tokens, epochs=epochs),
            settings=settings or {},
            options={"device": device},
            threads=threads,
        )
        chosen_engine = make_engine(catalog, engine, EngineOptions(reuse=False))
        training = contest.training(catalog, models, chosen_engine)
        check_references(catalog, others, training.questions[0].base, metric=metric)
        if metric:
            training.check_metric(metric)
        for event in training.events():
            if isinstance(event, JobEnded):
                logger.info("%s: %s %s", event.job.name, event.outcome, event.reason)
        trained = training.runs()
    comparison = compare_references(catalog, others, metric=metric, target=target, trained=trained)
    if out is not None:
        write_comparison(Path(out), comparison)
    return comparison
