"""``zoo_core.check_data``."""

from __future__ import annotations

from zoo_core.arguments import check_arguments
from zoo_core.plugins.catalog import load_catalog
from zoo_core.runtime.api.arguments import WORDS, Settings, dataset_settings
from zoo_core.runtime.datasets.data_check import DataReport
from zoo_core.runtime.datasets.data_check import check_data as check_dataset


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
    return check_dataset(load_catalog(), dataset, dataset_settings(settings, "a check"))
