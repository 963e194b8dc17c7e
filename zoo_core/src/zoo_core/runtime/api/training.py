"""Training: ``zoo_core.train`` and ``resume``."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeAlias

from zoo_core.arguments import check_arguments
from zoo_core.errors import ConfigError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.recipes.nearest import report_defaults
from zoo_core.recipes.resolve import resolve_run
from zoo_core.run_folder.local_runs import default_name
from zoo_core.run_folder.lock import lock_run_folder
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.api.arguments import WORDS, Settings, as_folder, given_rows
from zoo_core.runtime.api.checkpoints import load
from zoo_core.runtime.building.build import find_trainer
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint, check_no_checkpoint
from zoo_core.runtime.checkpoints.resume_states import check_has_state
from zoo_core.runtime.datasets.memory import MEMORY
from zoo_core.runtime.datasets.python_data import Data
from zoo_core.runtime.hardware.torch_state import kept_torch_state, own_torch_state
from zoo_core.runtime.notebook import NotebookView, in_notebook
from zoo_core.runtime.resume import resume as resume_run
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import Event
from zoo_core.runtime.training.progress_lines import ProgressLines
from zoo_core.storage.locations import runs_folder

Listener: TypeAlias = Callable[[Event], None]
"""Receives the events of a training: ``Started``, ``Stepped`` after each optimizer step,
``Evaluated`` after each evaluated batch, ``EpochEnded``, ``Saved`` and ``Finished``, of
``zoo_core.runtime.training.events``."""

logger = logging.getLogger(__name__)


@check_arguments(WORDS)
def train(
    name: str,
    out: str | Path | None = None,
    *,
    data: Data = None,
    text_column: str = "",
    label_column: str = "",
    dataset: str = "",
    trainer: str = "",
    settings: Settings | None = None,
    seed: int | None = None,
    device: str = "auto",
    threads: int = 0,
    backend: str = "auto",
    precision: str = "fp32",
    loggers: Sequence[str] = (),
    listen: Listener | None = None,
) -> Checkpoint:
    """Trains a model and returns its checkpoint.

    It logs how far it is every 30 seconds, at the level INFO of ``logging.getLogger("zoo_core")``.
    In a notebook it shows a progress bar and the curve of its epochs.
    After Ctrl+C, ``resume`` continues from the last saved state in the folder.

    It computes what it would in a new process, whatever random numbers the listener draws, and
    whatever default dtype, default device, autocast or gradient mode is set, by the listener too:
    torch is after each event as it was before. Of two threads that train, the second
    waits for the first: torch has one random state for a process, and a thread that draws from it
    meanwhile, as making a model does, changes what dropout drops.

    Args:
        name: ``model`` or ``model.tag``.
        out: The checkpoint folder; it must not hold a checkpoint yet. None for a new folder in
            ``ZOO_HOME/runs``.
        data: Rows to train on instead of a dataset: a list of texts, whose next symbols are
            learned; a list of (text, label) pairs; a DataFrame with the names of its columns; a
            tuple (inputs, targets) of arrays or tensors, inputs (B, T, F) or tokens (B, T); a torch
            dataset of such pairs. It is split at random, as
            ``settings={"dataset": {"validation": 0.1, "test": 0.0}}`` says. The checkpoint keeps
            what is needed to predict, and not the data.
        text_column: The column of a DataFrame that holds the texts.
        label_column: Its column of labels; empty to learn the texts' next symbols.
        dataset: A dataset instead of the recipe's. A recipe that the name includes keeps its
            model and trainer settings.
        trainer: A trainer instead of the recipe's.
        settings: Settings by section: ``{"model": {"hidden_size": 64}, "trainer": {"epochs": 3}}``.
        seed: The seed of everything random; None for the recipe's.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        threads: The threads of torch; 0 means one for a tiny model, otherwise torch's default.
        backend: The kernel that runs the recurrence: ``auto``, ``native``, ``portable``,
            ``torch`` or ``reference``.
        precision: ``fp32``, or ``bf16`` for matrix products in bfloat16.
        loggers: Names of loggers, such as ``csv``.
        listen: A function that receives every event, such as ``EpochEnded`` with its metrics.

    Raises:
        ZooError: Any of ``zoo_core.errors``; the message says what to do.
    """
    catalog = load_catalog()
    if data is not None and dataset:
        raise ConfigError(f"dataset = {dataset!r} and data exclude each other")
    rows = given_rows(data, text_column, label_column)
    if rows is not None:
        dataset = MEMORY
        if not trainer and "." not in name:
            trainer = find_trainer(catalog, rows.signature())
    chosen = resolve_run(catalog, name, dataset=dataset, trainer=trainer)
    run_config = chosen.run_config(
        settings, seed=seed, threads=threads, device=device, backend=backend, precision=precision
    )
    folder = Path(out) if out is not None else _new_folder(run_config)
    with lock_run_folder(folder), own_torch_state():
        check_no_checkpoint(folder)
        run = Run(catalog, run_config, folder, loggers=loggers, rows=rows)
        report_defaults(catalog, chosen, run_config)
        _carry_out(run, listen)
    return load(folder)


def _new_folder(run_config: RunConfig) -> Path:
    """Returns a new folder for a run, among the local runs."""
    return runs_folder() / default_name(
        run_config.recipe or f"{run_config.model}.{run_config.dataset}"
    )


@check_arguments(WORDS)
def resume(
    folder: str | Path | Checkpoint,
    *,
    epochs: int | None = None,
    dataset_path: str | Path | None = None,
    data: Data = None,
    text_column: str = "",
    label_column: str = "",
    force: bool = False,
    loggers: Sequence[str] | None = None,
    listen: Listener | None = None,
) -> Checkpoint:
    """Resumes an interrupted run, or gives a complete one more epochs; returns its checkpoint.

    The result is bit for bit that of an uninterrupted run.

    Args:
        folder: The checkpoint folder, or a checkpoint that was loaded from it.
        epochs: The epochs of the whole run; more than before continue a complete run.
        dataset_path: Where the data is, if it has moved.
        data: The data of a run that began with ``train(..., data=...)``.
        text_column: As in ``train``.
        label_column: As in ``train``.
        force: Resume although data or versions have changed.
        loggers: Names of loggers; None for those that the run began with.
        listen: A function that receives every event; see ``train``.

    Raises:
        NotFoundError: The folder holds no saved state.
        ResumeError: The run is complete, data or versions have changed or are out of reach, or the
            steps differ from those that the schedule was made for.
    """
    catalog, folder = load_catalog(), as_folder(folder)
    check_has_state(folder)
    rows = given_rows(data, text_column, label_column)
    with lock_run_folder(folder), own_torch_state():
        run = resume_run(
            catalog,
            folder,
            force=force,
            epochs=epochs,
            dataset_path=None if dataset_path is None else str(dataset_path),
            loggers=loggers,
            rows=rows,
        )
        _carry_out(run, listen)
    return load(folder)


def _carry_out(run: Run, listen: Listener | None) -> None:
    lines, view = ProgressLines(), None
    if in_notebook():
        view = NotebookView(run.run_config, run.loop.progress.history)
    try:
        for event in run.events():
            if line := lines.line(event):
                logger.info("%s", line)
            if view:
                view.show(event)
            if listen:
                with kept_torch_state():
                    listen(event)
    finally:
        if view:
            view.close()
