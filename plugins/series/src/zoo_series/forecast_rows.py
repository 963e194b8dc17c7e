"""Forecasts of rows that are already read, for other commands than ``zoo forecast``."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from zoo_core.data.tables import table_of_objects
from zoo_core.errors import MisfitError
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint
from zoo_series.dataset import SeriesDataset
from zoo_series.forecast import make_forecasts


def series_dataset(checkpoint: Checkpoint) -> SeriesDataset:
    """Returns the dataset of a checkpoint.

    Raises:
        MisfitError: The checkpoint is trained on something else.
    """
    dataset = checkpoint.dataset
    if not isinstance(dataset, SeriesDataset):
        name = checkpoint.run_config.dataset
        raise MisfitError(f"{checkpoint.run_config.model} is trained on {name}, not on series")
    return dataset


def forecast_rows(
    checkpoint: Checkpoint, rows: Sequence[Mapping[str, Any]], steps: int | None = None
) -> list[dict[str, object]]:
    """Returns the rows that follow, with the forecast of the model beside the naive ones.

    Args:
        checkpoint: A checkpoint that is trained on series.
        rows: The rows before, with the columns of the training by name. Rows at the end without
            values hold covariates of the future.
        steps: The rows to forecast; None for the horizon.

    Raises:
        DataError: A row has no such column, or a field that is no number.
        MisfitError: The checkpoint is trained on something else.
    """
    dataset = series_dataset(checkpoint)
    table = dataset.of_table(table_of_objects(rows, "data"))
    content = make_forecasts(table, checkpoint.model, steps or dataset.config.horizon)
    return [dict(zip(content.columns, row, strict=True)) for row in content.rows]
