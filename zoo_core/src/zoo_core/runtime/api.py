"""The Python interface: what the commands of the same names do.

``settings`` has one shape everywhere: values by section and key, such as
``{"model": {"hidden_size": 64}, "dataset": {"steps": 32}, "trainer": {"epochs": 3}}``.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias, final, overload

import numpy as np
import torch
from torch import Tensor

from zoo_core.arguments import Words, check_arguments
from zoo_core.comparisons.comparison import Comparison
from zoo_core.data.signature import Classes, Signature
from zoo_core.data.splits import held_out_splits
from zoo_core.data.vocabulary import REFUSE, Unknown
from zoo_core.errors import ConfigError, DataError, MisfitError, NotFoundError
from zoo_core.plugins.catalog import load_catalog
from zoo_core.recipes.nearest import report_defaults
from zoo_core.recipes.resolve import check_sections, resolve_run
from zoo_core.registry.file import HUB
from zoo_core.run_folder.integrity import copy_checkpoint, validate_checkpoint_files
from zoo_core.run_folder.local_runs import default_name
from zoo_core.run_folder.lock import lock_run_folder
from zoo_core.run_folder.manifest import Metrics
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.build import (
    find_trainer,
    make_dataset,
    make_model,
    make_trainer,
    training_signature,
)
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint, check_no_checkpoint
from zoo_core.runtime.checkpoints.fit import check_fit
from zoo_core.runtime.checkpoints.resume_states import check_has_state
from zoo_core.runtime.checkpoints.verification import VerifiedItem
from zoo_core.runtime.checkpoints.verification import verify as verify_folder
from zoo_core.runtime.comparisons.contest import (
    DEFAULT_SEEDS,
    Budget,
    Contest,
    expand,
    is_trained,
)
from zoo_core.runtime.comparisons.files import check_comparison_folder, write_comparison
from zoo_core.runtime.comparisons.references import check_references, compare_references
from zoo_core.runtime.datasets.answers import measured_values, probabilities_of
from zoo_core.runtime.datasets.answers import to_json as answers_to_json
from zoo_core.runtime.datasets.data_check import DataReport
from zoo_core.runtime.datasets.data_check import check_data as check_dataset
from zoo_core.runtime.datasets.dataset import answers_in_steps
from zoo_core.runtime.datasets.memory import MEMORY, MemoryDataset
from zoo_core.runtime.datasets.memory_rows import Data, MemoryRows, memory_rows
from zoo_core.runtime.generation import generate as generation
from zoo_core.runtime.generation.sampler import DEFAULT_TEMPERATURE, Sampler
from zoo_core.runtime.generation.texts import generate_texts
from zoo_core.runtime.hardware.torch_state import kept_random_state, own_torch_state
from zoo_core.runtime.inspection.attention import AttentionMap, inspect_attention
from zoo_core.runtime.inspection.inspect_text import inspect_text
from zoo_core.runtime.inspection.inspection import Activations, Inspection
from zoo_core.runtime.inspection.vectors import sequence_vector, symbol_vectors
from zoo_core.runtime.locate import find_folder, load_checkpoint
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.notebook import NotebookView, in_notebook
from zoo_core.runtime.resume import resume as resume_run
from zoo_core.runtime.run import Run
from zoo_core.runtime.sweeps.engine import EngineOptions, JobEnded
from zoo_core.runtime.sweeps.sweep import make_engine
from zoo_core.runtime.training.evaluation import evaluate as evaluate_split
from zoo_core.runtime.training.events import Event
from zoo_core.runtime.training.progress_lines import ProgressLines
from zoo_core.storage.locations import runs_folder
from zoo_core.sweeps.run_states import SweepRun

if TYPE_CHECKING:
    from zoo_core.runtime.exporting.exporter import ExportResult
    from zoo_core.runtime.hub.publish import Publication

Settings: TypeAlias = Mapping[str, Mapping[str, Any]]
Listener: TypeAlias = Callable[[Event], None]
"""Receives the events of a training: ``Started``, ``Stepped`` after each optimizer step,
``Evaluated`` after each evaluated batch, ``EpochEnded``, ``Saved`` and ``Finished``, of
``zoo_core.runtime.training.events``."""

PREDICTED_TOGETHER = 64
"""Inputs of equal length that are predicted in one batch."""

logger = logging.getLogger(__name__)


def _words_for_checkpoint(given: object) -> str:
    if isinstance(given, str | Path):
        return f"a checkpoint, not its name: zoo_core.load({str(given)!r}) returns it"
    return "a checkpoint, which zoo_core.load returns"


def _words_for_unknown(given: object) -> str:
    return "zoo_core.Unknown('skip'), Unknown('replace', '?') or Unknown('error')"


WORDS: Words = {Checkpoint: _words_for_checkpoint, Unknown: _words_for_unknown}
"""What errors call the classes of arguments."""


@check_arguments(WORDS)
def check_data(dataset: str, settings: Settings | None = None) -> DataReport:
    """Counts what a dataset holds and looks for what is suspicious, such as shared rows of splits.

    Args:
        dataset: The dataset.
        settings: Its settings: ``{"dataset": {"path": "mine.csv"}}``.

    Raises:
        ConfigError: There is another section than ``dataset``, or a setting is not allowed.
        DataError: The data cannot be read.
        NotFoundError: There is no such dataset.
    """
    return check_dataset(load_catalog(), dataset, _dataset_settings(settings, "a check"))


def _dataset_settings(settings: Settings | None, what: str) -> Mapping[str, Any]:
    """Returns the settings of the dataset.

    Raises:
        ConfigError: There is another section.
    """
    check_sections(settings or {})
    if others := (settings or {}).keys() - {"dataset"}:
        raise ConfigError(f"{min(others)}: {what} has settings of the dataset alone")
    return (settings or {}).get("dataset", {})


@check_arguments(WORDS)
def load(reference: str | Path) -> Checkpoint:
    """Loads the checkpoint that a reference or a folder names.

    Logs a warning if it is unfinished or has weights that are not finite.

    Args:
        reference: A folder, ``hub:owner/repo``, the name of a local run, ``model.tag``, or a model,
            which means the checkpoint of its default recipe.

    Raises:
        NotFoundError: There is no such checkpoint.
        IntegrityError: A file is missing or damaged.
        NetworkError: It must be downloaded and cannot be.
    """
    return load_checkpoint(load_catalog(), _reference(reference))


def _reference(reference: str | Path | Checkpoint) -> str:
    if isinstance(reference, Checkpoint):
        reference = reference.folder
    return f"dir:{reference}" if isinstance(reference, Path) else reference


def _folder(folder: str | Path | Checkpoint) -> Path:
    return folder.folder if isinstance(folder, Checkpoint) else Path(folder)


@check_arguments(WORDS)
def create_model(
    name: str,
    *,
    pretrained: bool = False,
    signature: Signature | None = None,
    settings: Settings | None = None,
    seed: int = 0,
) -> AbstractModel:
    """Returns a model by name.

    Args:
        name: ``model``, or ``model.tag`` for the settings of a recipe.
        pretrained: Load the registry's checkpoint of that name.
        signature: The inputs and outputs; by default those of the recipe's dataset.
        settings: Settings by section, which override the recipe's:
            ``{"model": {"hidden_size": 64}}``.
        seed: The seed of the initial weights.

    Raises:
        NotFoundError: There is no such model, recipe or pretrained checkpoint.
        ConfigError: A setting or the seed is unknown, of the wrong type or out of bounds.
        MisfitError: The model does not take such a signature.
    """
    if pretrained:
        return load(name).model
    catalog = load_catalog()
    run_config = resolve_run(catalog, name).run_config(settings, seed=seed)
    if signature is None:
        dataset = make_dataset(catalog, run_config, None)
        data = training_signature(catalog, run_config, dataset)
        signature = make_trainer(catalog, run_config, data).model_signature(data)
    with kept_random_state():
        torch.manual_seed(run_config.seed)
        return make_model(catalog, run_config, signature)


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
    whatever default dtype, default device or autocast is set. Of two threads that train, the second
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
    rows = None
    if data is not None:
        if dataset:
            raise ConfigError(f"dataset = {dataset!r} and data exclude each other")
        rows = memory_rows(data, text_column=text_column, label_column=label_column)
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
    catalog, folder = load_catalog(), _folder(folder)
    check_has_state(folder)
    rows = None
    if data is not None:
        rows = memory_rows(data, text_column=text_column, label_column=label_column)
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
                with kept_random_state():
                    listen(event)
    finally:
        if view:
            view.close()


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
    names = expand(catalog, [_reference(reference) for reference in references])
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
        check_references(catalog, others, training.questions[0].base)
        for event in training.events():
            if isinstance(event, JobEnded):
                logger.info("%s: %s %s", event.job.name, event.outcome, event.reason)
        trained = training.runs()
    comparison = compare_references(catalog, others, metric=metric, target=target, trained=trained)
    if out is not None:
        write_comparison(Path(out), comparison)
    return comparison


@check_arguments(WORDS)
def evaluate(
    checkpoint: Checkpoint,
    split: str = "",
    *,
    data: Data = None,
    text_column: str = "",
    label_column: str = "",
    dataset: str = "",
    settings: Settings | None = None,
    unknown: Unknown | None = None,
    precision: str = "fp32",
) -> dict[str, dict[str, float]]:
    """Returns the metrics of a checkpoint by split and name.

    Logs a warning if its own data has changed since the training.

    Args:
        checkpoint: The checkpoint.
        split: ``train``, ``validation`` or ``test``; empty for every held-out split.
        data: Rows to evaluate on, as in ``train``; without ``split`` all of them, as ``test``.
        text_column: As in ``train``.
        label_column: As in ``train``.
        dataset: Another dataset than the checkpoint's.
        settings: Settings of the dataset: ``{"dataset": {"path": "mine.txt"}}``.
        unknown: What to do with symbols that the vocabulary lacks; None for what the training did.
        precision: As in ``stream``.

    Raises:
        ConfigError: There is another section than ``dataset``, or a setting is not allowed.
        DataError: The data cannot be read, or has symbols that the vocabulary lacks.
        MisfitError: The data has other inputs or labels than the model was trained on, or the
            model has no weights in 8 bits.
        NotFoundError: There is no such dataset or split.
    """
    values = dict(_dataset_settings(settings, "an evaluation"))
    if data is not None:
        if dataset:
            raise ConfigError(f"dataset = {dataset!r} and data exclude each other")
        dataset = MEMORY
        values = values if split else {"validation": 0.0, "test": 0.0}
    chosen = checkpoint.with_dataset(dataset, values)
    if unknown is not None:
        chosen = chosen.with_unknown_symbols(unknown)
    if data is not None:
        rows = memory_rows(data, text_column=text_column, label_column=label_column)
        return _evaluate_rows(chosen, rows, split, precision)
    check_fit(chosen)
    data, name = chosen.dataset, chosen.run_config.dataset
    if split and split not in data.splits:
        raise NotFoundError(f"no split {split!r} in {name}; there are {', '.join(data.splits)}")
    if not dataset and not values and data.fingerprint != checkpoint.fingerprint:
        logger.warning("%s has changed since this checkpoint was trained", name)
    splits = [split] if split else held_out_splits(data.splits)
    return {
        part: evaluate_split(
            chosen.evaluated_model, data, chosen.trainer, part, precision=precision
        )
        for part in splits
    }


def _evaluate_rows(checkpoint: Checkpoint, rows: MemoryRows, split: str, precision: str) -> Metrics:
    """Returns the metrics of a checkpoint on rows from Python: of a split, or of all of them."""
    held = checkpoint.dataset
    assert isinstance(held, MemoryDataset), "the dataset of data from Python"
    held.hold(rows)
    if not rows.fits(checkpoint.signature):
        raise MisfitError(
            f"{checkpoint.run_config.model} was trained on "
            f"{checkpoint.signature.describe_sizes()}; the rows of this data have other inputs or "
            "targets"
        )
    if split and split not in held.splits:
        raise NotFoundError(f"no split {split!r} in the data; there are {', '.join(held.splits)}")
    metrics = evaluate_split(
        checkpoint.evaluated_model, held, checkpoint.trainer, split or "train", precision=precision
    )
    return {split or "test": metrics}


@overload
def predict(checkpoint: Checkpoint, value: str, *, unknown: Unknown = REFUSE) -> str: ...
@overload
def predict(
    checkpoint: Checkpoint, value: list[str], *, unknown: Unknown = REFUSE
) -> list[str]: ...
@check_arguments(WORDS)
def predict(
    checkpoint: Checkpoint, value: str | list[str], *, unknown: Unknown = REFUSE
) -> str | list[str]:
    """Returns the prediction for an input, such as ``ohlol`` for ``hello``.

    Args:
        checkpoint: The checkpoint.
        value: An input, or a list of inputs, which has a list of predictions.
        unknown: What to do with symbols that the vocabulary lacks.

    Raises:
        DataError: An input has symbols that the vocabulary lacks.
    """
    if isinstance(value, str):
        with torch.no_grad():
            batch = checkpoint.dataset.encode(value, unknown)
            return checkpoint.dataset.answer(checkpoint.model, batch)
    return [predict(checkpoint, item, unknown=unknown) for item in value]


@final
class Prediction(NamedTuple):
    """The answer to one input.

    Args:
        answer: The answer in words; empty for an empty input.
        probability: How probable the model takes it to be: of one label its own probability, of a
            label per step the product of theirs. None where the model gives no probability, or
            there is no answer.
    """

    answer: str
    probability: float | None


@check_arguments(WORDS)
def predictions(
    checkpoint: Checkpoint, values: Sequence[str], *, unknown: Unknown = REFUSE
) -> list[Prediction]:
    """Returns the predictions for many inputs, with their probabilities.

    Inputs of equal length share a batch.

    Args:
        checkpoint: The checkpoint.
        values: The inputs. An empty one has an empty answer.
        unknown: What to do with symbols that the vocabulary lacks.

    Raises:
        DataError: An input has symbols that the vocabulary lacks; the message has its number.
    """
    dataset, answers = checkpoint.dataset, [Prediction("", None)] * len(values)
    groups: dict[tuple[int, ...], list[tuple[int, Batch]]] = {}
    for number, value in enumerate(values):
        if not value:
            continue
        try:
            batch = dataset.encode(value, unknown)
        except DataError as error:
            raise DataError(f"input {number + 1} of {len(values)}: {error}") from None
        groups.setdefault(tuple(batch.inputs.shape), []).append((number, batch))
    for members in groups.values():
        for first in range(0, len(members), PREDICTED_TOGETHER):
            numbers, rows = zip(*members[first : first + PREDICTED_TOGETHER], strict=True)
            for number, answer in zip(numbers, _answers(checkpoint, list(rows)), strict=True):
                answers[number] = answer
    return answers


@torch.no_grad()
def predict_batch(checkpoint: Checkpoint, batch: Batch) -> tuple[Prediction, dict[str, Any]]:
    """Returns the prediction for an encoded input, and what ``numbers`` returns for it.

    Args:
        checkpoint: The checkpoint.
        batch: A batch of one, from ``checkpoint.dataset.encode``.
    """
    (prediction,) = _answers(checkpoint, [batch])
    if isinstance(checkpoint.signature.outputs, Classes):
        return prediction, {}
    return prediction, answers_to_json(checkpoint.signature, checkpoint.model(batch))


@torch.no_grad()
def _answers(checkpoint: Checkpoint, rows: list[Batch]) -> list[Prediction]:
    """Returns the predictions for batches of one, whose inputs have one shape."""
    dataset, model = checkpoint.dataset, checkpoint.model
    if answers_in_steps(dataset):
        return [Prediction(dataset.answer(model, row), None) for row in rows]
    logits = model(Batch(torch.cat([row.inputs for row in rows]))).logits
    if not isinstance(checkpoint.signature.outputs, Classes):
        return [Prediction(dataset.decode(Output(row[None], None)), None) for row in logits]
    likely = logits.log_softmax(-1).amax(-1)  # (B,), or (B, T) with a label per step
    likely = likely if likely.dim() == 1 else likely.sum(-1)
    return [
        Prediction(dataset.decode(Output(row[None], None)), probability)
        for row, probability in zip(logits, likely.exp().tolist(), strict=True)
    ]


@check_arguments(WORDS)
def probabilities(checkpoint: Checkpoint, value: str, *, unknown: Unknown = REFUSE) -> Tensor:
    """Returns the probability of every class, or of every key by itself, for an input.

    The classes of a model of text are the symbols of ``checkpoint.signature.vocabulary``.

    Args:
        checkpoint: The checkpoint.
        value: The input.
        unknown: What to do with symbols that the vocabulary lacks.

    Returns:
        The probabilities, (C,) for one label per sequence, (T, C) for one per step.

    Raises:
        DataError: The input has symbols that the vocabulary lacks.
        MisfitError: The model predicts values.
    """
    return probabilities_of(checkpoint.signature, _output(checkpoint, value, unknown).logits)[0]


@check_arguments(WORDS)
def values(checkpoint: Checkpoint, value: str, *, unknown: Unknown = REFUSE) -> Tensor:
    """Returns the values that a model predicts for an input, in the units of the training data.

    Args:
        checkpoint: A checkpoint of a model that predicts values.
        value: The input.
        unknown: What to do with symbols that the vocabulary lacks.

    Returns:
        The values, (N,) for one target per sequence, (T, N) for one per step; with quantiles
        (N, Q) or (T, N, Q).

    Raises:
        DataError: The input cannot be encoded.
        MisfitError: The model predicts classes or keys.
    """
    return measured_values(checkpoint.signature, _output(checkpoint, value, unknown).logits)[0]


@check_arguments(WORDS)
def numbers(checkpoint: Checkpoint, value: str, *, unknown: Unknown = REFUSE) -> dict[str, Any]:
    """Returns the values or the probabilities of keys for an input as JSON values; of classes none.

    Args:
        checkpoint: The checkpoint.
        value: The input.
        unknown: What to do with symbols that the vocabulary lacks.
    """
    if isinstance(checkpoint.signature.outputs, Classes):
        return {}
    return answers_to_json(checkpoint.signature, _output(checkpoint, value, unknown))


@check_arguments(WORDS)
def inspect(
    checkpoint: Checkpoint,
    text: str,
    *,
    layer: int | None = None,
    gate: str = "",
    gates: bool = True,
    top: int = 0,
) -> Inspection:
    """Returns what a recurrent model computes and expects at every symbol of a text.

    Args:
        checkpoint: The checkpoint.
        text: The text. Symbols that the model does not know are skipped.
        layer: The layer to keep, from 0; None for all.
        gate: The state or gate to keep, such as ``hidden``, ``cell`` or ``forget``; empty for all.
        gates: Whether to keep gates beside the states, if ``gate`` names none.
        top: How many units to rank for each probe, by their states or by ``gate``.

    Raises:
        ConfigError: There is no such layer, or ``top`` is negative.
        DataError: The text has no symbol that the model knows, or fewer than its window.
        DeviceError: The activations do not fit into the free memory.
        MisfitError: The model has no recurrent state, or reads no text.
        NotFoundError: There is no such state or gate.
    """
    _check_count("top", top)
    return inspect_text(
        checkpoint.model,
        checkpoint.dataset,
        text,
        name=checkpoint.run_config.model,
        layer=layer,
        gate=gate,
        gates=gates,
        top=top,
    )


@check_arguments(WORDS)
def attention(checkpoint: Checkpoint, text: str, *, unknown: Unknown = REFUSE) -> AttentionMap:
    """Returns where a model looks in a source while it writes the target.

    Args:
        checkpoint: The checkpoint of a model that translates with attention.
        text: The source.
        unknown: What to do with symbols that the vocabulary lacks.

    Raises:
        DataError: The text is empty or has symbols that the vocabulary lacks.
        MisfitError: The model has no attention.
    """
    model, name = checkpoint.model, checkpoint.run_config.model
    return inspect_attention(model, checkpoint.dataset, text, name=name, unknown=unknown)


@overload
def states(
    checkpoint: Checkpoint,
    texts: str,
    *,
    layer: int | None = None,
    gate: str = "",
    unknown: Unknown = REFUSE,
) -> Activations: ...
@overload
def states(
    checkpoint: Checkpoint,
    texts: list[str],
    *,
    layer: int | None = None,
    gate: str = "",
    unknown: Unknown = REFUSE,
) -> list[Activations]: ...
@check_arguments(WORDS)
def states(
    checkpoint: Checkpoint,
    texts: str | list[str],
    *,
    layer: int | None = None,
    gate: str = "",
    unknown: Unknown = REFUSE,
) -> Activations | list[Activations]:
    """Returns the hidden states of a recurrent model at every symbol of a text.

    Args:
        checkpoint: The checkpoint.
        texts: A text, or a list of texts, which has a list of arrays.
        layer: The layer, from 0; None for the last one.
        gate: A state or gate instead of the hidden state, such as ``cell`` or ``forget``.
        unknown: What to do with symbols that the vocabulary lacks.

    Returns:
        A numpy array (T, units) in float32 for each text; the units of a backward direction follow
        the forward ones.

    Raises:
        ConfigError: There is no such layer.
        DataError: A text has symbols that the vocabulary lacks, or fewer than the model's window.
        MisfitError: The model has no recurrent state.
        NotFoundError: There is no such state or gate.
    """
    if isinstance(texts, str):
        inputs = checkpoint.dataset.encode(texts, unknown).inputs[0]
        return symbol_vectors(checkpoint.model, inputs, layer=layer, name=gate)
    return [states(checkpoint, text, layer=layer, gate=gate, unknown=unknown) for text in texts]


@check_arguments(WORDS)
def embeddings(
    checkpoint: Checkpoint, texts: str | list[str], *, unknown: Unknown = REFUSE
) -> Activations:
    """Returns the last hidden state of a recurrent model for whole texts.

    It is that of the last layer after the last symbol; of a backward direction, after the first.

    Args:
        checkpoint: The checkpoint.
        texts: A text, or a list of texts.
        unknown: What to do with symbols that the vocabulary lacks.

    Returns:
        A numpy array in float32: (units,) for a text, (N, units) for a list of N.

    Raises:
        DataError: A text has symbols that the vocabulary lacks, or fewer than the model's window;
            or the list is empty.
        MisfitError: The model has no recurrent state.
    """
    if isinstance(texts, str):
        inputs = checkpoint.dataset.encode(texts, unknown).inputs[0]
        return sequence_vector(checkpoint.model, inputs)
    if not texts:
        raise DataError("no texts; give at least one")
    return np.stack([embeddings(checkpoint, text, unknown=unknown) for text in texts])


def _check_count(name: str, value: int) -> None:
    """Raises ConfigError if an argument that counts something is negative."""
    if value < 0:
        raise ConfigError(f"{name} = {value}: expected an integer >= 0")


@torch.no_grad()
def _output(checkpoint: Checkpoint, value: str, unknown: Unknown) -> Output:
    batch: Batch = checkpoint.dataset.encode(value, unknown)
    output: Output = checkpoint.model(batch)
    return output


@overload
def generate(
    checkpoint: Checkpoint,
    prompt: str | None = ...,
    *,
    length: int = ...,
    temperature: float = ...,
    top_k: int | None = ...,
    top_p: float | None = ...,
    seed: int = ...,
    unknown: Unknown = ...,
    precision: str = ...,
) -> str: ...


@overload
def generate(
    checkpoint: Checkpoint,
    prompt: list[str],
    *,
    length: int = ...,
    temperature: float = ...,
    top_k: int | None = ...,
    top_p: float | None = ...,
    seed: int | Sequence[int] = ...,
    unknown: Unknown = ...,
    precision: str = ...,
) -> list[str]: ...


@check_arguments(WORDS)
def generate(
    checkpoint: Checkpoint,
    prompt: str | list[str] | None = None,
    *,
    length: int = 200,
    temperature: float = DEFAULT_TEMPERATURE,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int | Sequence[int] = 0,
    unknown: Unknown = REFUSE,
    precision: str = "fp32",
) -> str | list[str]:
    """Returns the text that follows a prompt, or those that follow each of several prompts.

    One step of the model computes all texts; each is what its prompt and its seed give alone.
    ``stream`` states the other arguments and errors.

    Args:
        checkpoint: A checkpoint of a model that predicts the next symbol.
        prompt: The text to begin with, or a list of them.
        length: The number of symbols of each text.
        temperature: As in ``stream``.
        top_k: As in ``stream``.
        top_p: As in ``stream``.
        seed: The seed of each text; of several prompts also a list of seeds, one for each.
        unknown: As in ``stream``.
        precision: As in ``stream``.
    """
    if prompt is None or isinstance(prompt, str):
        if not isinstance(seed, int):
            raise ConfigError("seed: one prompt has one seed")
        symbols = stream(
            checkpoint,
            prompt,
            length=length,
            temperature=temperature,
            top_k=top_k,
            top_p=top_p,
            seed=seed,
            unknown=unknown,
            precision=precision,
        )
        return "".join(symbols)
    _check_count("length", length)
    seeds = [seed] * len(prompt) if isinstance(seed, int) else list(seed)
    if len(seeds) != len(prompt):
        raise ConfigError(f"seed: there are {len(seeds)} seeds for {len(prompt)} prompts")
    samplers = [Sampler(temperature, top_k, own, top_p) for own in seeds]
    generation.check_generates(checkpoint.model)
    vocabulary = checkpoint.signature.vocabulary
    assert vocabulary is not None, "what predicts symbols has a vocabulary"
    batches = [checkpoint.dataset.encode(text, unknown) for text in prompt]
    lengths = [length] * len(batches)
    found = generate_texts(checkpoint.model, batches, samplers, lengths, precision)
    return [vocabulary.decode(ids) for ids in found]


@check_arguments(WORDS)
def stream(
    checkpoint: Checkpoint,
    prompt: str | None = None,
    *,
    length: int = 200,
    temperature: float = DEFAULT_TEMPERATURE,
    top_k: int | None = None,
    top_p: float | None = None,
    seed: int = 0,
    unknown: Unknown = REFUSE,
    precision: str = "fp32",
) -> Iterator[str]:
    """Returns the text that follows a prompt in pieces, each as soon as it is drawn.

    Args:
        checkpoint: A checkpoint of a model that predicts the next symbol.
        prompt: The text to begin with, at least one symbol. None for a line end; if the vocabulary
            has none a blank, else its first character; as often as the model's window needs.
        length: The number of symbols to generate.
        temperature: The softmax temperature; 0 always takes the likeliest symbol.
        top_k: The number of likeliest symbols to sample from; None for all.
        top_p: The probability that the likeliest symbols to sample from have together; None for
            all symbols.
        seed: The seed of the samples.
        unknown: What to do with symbols that the vocabulary lacks.
        precision: ``fp32``, ``bf16`` for matrix products in bfloat16, or ``int8`` for weights
            that are rounded to 8-bit integers.

    Raises:
        MisfitError: The model does not predict the next symbol, or has no weights in 8 bits.
        DataError: The prompt has symbols that the vocabulary lacks.
        ConfigError: The length, the temperature, ``top_k``, ``top_p`` or the precision is not
            allowed.
    """
    _check_count("length", length)
    model, vocabulary = checkpoint.model, checkpoint.signature.vocabulary
    generation.check_generates(model)
    assert vocabulary is not None, "what predicts symbols has a vocabulary"
    sampler = Sampler(temperature, top_k, seed, top_p)
    if prompt is None:
        batch = generation.default_prompt(model, vocabulary)
    else:
        batch = checkpoint.dataset.encode(prompt, unknown)
    ids = generation.generate(model, batch, sampler, precision)
    return vocabulary.stream(islice(ids, length))


@check_arguments(WORDS)
def export(
    reference: str | Path | Checkpoint,
    to: str | Path,
    *,
    format: str = "torch",
    int8: bool = False,
    with_sampler: bool = False,
    runtime: str | Path | None = None,
) -> ExportResult:
    """Exports a checkpoint into a new folder, to run outside the zoo.

    The exported model is run and compared with the checkpoint's own before the folder appears.

    Args:
        reference: A checkpoint, or what names one, as in ``load``.
        to: The folder; it must not exist.
        format: ``torch``, or the format of a plugin, such as ``onnx`` or ``web``.
        int8: Whether the weights are stored as 8-bit integers.
        with_sampler: Whether the exported model also draws the next symbol.
        runtime: A local package of what runs the model in a page, which is downloaded otherwise.

    Returns:
        The comparisons with the model, notes, and figures such as the loss with 8-bit weights.

    Raises:
        ConfigError: The format has no such option.
        ExportError: The exported model differs from the model or cannot run.
        MisfitError: The format cannot express the model.
        NetworkError: What runs the model in a page cannot be downloaded.
        NotFoundError: There is no such checkpoint or format.
        PluginError: The format's plugin is not installed, or is broken.
        TargetError: The folder exists or cannot be written to.
    """
    from zoo_core.runtime.exporting.export import export_checkpoint
    from zoo_core.runtime.exporting.exporter import ExportOptions

    checkpoint = reference if isinstance(reference, Checkpoint) else load(reference)
    path = None if runtime is None else Path(runtime)
    options = ExportOptions(int8=int8, with_sampler=with_sampler, runtime=path)
    return export_checkpoint(checkpoint, format, Path(to), options)


@check_arguments(WORDS)
def pull(reference: str, to: str | Path | None = None) -> Path:
    """Downloads a checkpoint, checks size and hash of every file, and returns its folder.

    Args:
        reference: ``hub:owner/repo@revision``, or a name in the registry.
        to: A new folder to copy it to; by default it stays in the Hub's cache or its package.

    Raises:
        NotFoundError: There is no such checkpoint.
        IntegrityError: A file is damaged, or differs from what the registry or the Hub says.
        NetworkError: The Hub cannot be reached or refuses.
        TargetError: The target exists already, or cannot be written to.
    """
    folder = find_folder(load_catalog(), reference)
    if to is None:
        validate_checkpoint_files(folder)
        return folder
    copy_checkpoint(folder, Path(to))
    return Path(to)


@check_arguments(WORDS)
def push(
    folder: str | Path | Checkpoint,
    repo: str,
    *,
    revision: str = "",
    private: bool = False,
    create_pr: bool = False,
    license: str = "",
) -> Publication:
    """Publishes a checkpoint on the Hub as one commit.

    Args:
        folder: The checkpoint folder, or a checkpoint that was loaded from it.
        repo: ``owner/name``.
        revision: The branch, made if it is missing; empty for the main one.
        private: Whether a new repo is private.
        create_pr: Open a pull request instead of pushing to the branch.
        license: License of the weights; by default what the repo's card says, or the dataset's.

    Returns:
        The commit with its page, and the registry entry that pins it.

    Raises:
        ConfigError: The repo is not ``owner/name``.
        IntegrityError: The checkpoint is incomplete, or has weights that are not finite.
        MisfitError: The checkpoint is unfinished or has pickled weights, or the repo is public and
            ``private`` is asked for.
        NetworkError: The Hub cannot be reached or refuses.
    """
    from zoo_core.runtime.hub.publish import publish  # imports the Hub's client

    if not HUB.fullmatch(f"hub:{repo}"):
        raise ConfigError(f"{repo!r} is not a repo: expected OWNER/REPO")
    return publish(
        load_catalog(),
        _folder(folder),
        repo,
        license=license,
        revision=revision,
        private=private,
        create_pr=create_pr,
    )


@check_arguments(WORDS)
def verify(reference: str | Path | Checkpoint) -> list[VerifiedItem]:
    """Returns what was verified of a checkpoint, from its manifest to its metrics.

    A part with the verdict ``failed`` is the last one that is verified, or a metric that could not
    be measured again.

    Args:
        reference: A checkpoint, or what names one, as in ``load``. The files of its folder are
            read again.

    Raises:
        IntegrityError: The manifest is damaged.
        MisfitError: The run is unfinished.
        NotFoundError: There is no such checkpoint.
        PluginError: A plugin that the checkpoint needs is broken or missing.
    """
    catalog = load_catalog()
    return list(verify_folder(catalog, find_folder(catalog, _reference(reference))))
