"""``zoo_core.evaluate``."""

from __future__ import annotations

import logging

from zoo_core.arguments import check_arguments
from zoo_core.data.splits import held_out_splits
from zoo_core.data.vocabulary import Unknown
from zoo_core.errors import ConfigError, MisfitError, NotFoundError
from zoo_core.run_folder.manifest import Metrics
from zoo_core.runtime.api.arguments import WORDS, Settings, dataset_settings, given_rows
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_core.runtime.checkpoints.fit import check_fit
from zoo_core.runtime.datasets.memory import MEMORY, MemoryDataset
from zoo_core.runtime.datasets.memory_rows import MemoryRows
from zoo_core.runtime.datasets.python_data import Data
from zoo_core.runtime.training.evaluation import evaluate as evaluate_split

logger = logging.getLogger(__name__)


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
        ConfigError: There is another section than ``dataset``, a setting is not allowed, or a
            column is named and no data given.
        DataError: The data cannot be read, or has symbols that the vocabulary lacks.
        MisfitError: The data has other inputs or labels than the model was trained on, or the
            model has no weights in 8 bits.
        NotFoundError: There is no such dataset or split.
    """
    values = dict(dataset_settings(settings, "an evaluation"))
    if data is not None and dataset:
        raise ConfigError(f"dataset = {dataset!r} and data exclude each other")
    rows = given_rows(data, text_column, label_column)
    if rows is not None:
        dataset = MEMORY
        values = values if split else {"validation": 0.0, "test": 0.0}
    chosen = checkpoint.with_dataset(dataset, values)
    if unknown is not None:
        chosen = chosen.with_unknown_symbols(unknown)
    if rows is not None:
        return _evaluate_rows(chosen, rows, split, precision)
    check_fit(chosen)
    evaluated, name = chosen.dataset, chosen.run_config.dataset
    if split and split not in evaluated.splits:
        there = ", ".join(evaluated.splits)
        raise NotFoundError(f"no split {split!r} in {name}; there are {there}")
    if not dataset and not values and evaluated.fingerprint != checkpoint.fingerprint:
        logger.warning("%s has changed since this checkpoint was trained", name)
    splits = [split] if split else held_out_splits(evaluated.splits)
    return {
        part: evaluate_split(
            chosen.evaluated_model, evaluated, chosen.trainer, part, precision=precision
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
