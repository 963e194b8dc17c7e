"""Declarations of this plugin: datasets that are read from tables."""

from __future__ import annotations

from zoo_core import DatasetSpec, hookimpl

ZOO_API = 3


@hookimpl
def zoo_datasets() -> list[DatasetSpec]:
    """The datasets of this plugin."""
    return [
        DatasetSpec(
            name="labelled",
            summary="Texts with labels, from CSV, TSV, JSON Lines or Parquet: --dataset.path FILE.",
            config="zoo_tables.configs:LabelledConfig",
            factory="zoo_tables.labelled:labelled",
            default_trainer="supervised",
            tags=("classification", "table", "offline"),
            sample_settings="zoo_tables.labelled:sample_settings",
        ),
        DatasetSpec(
            name="requests",
            summary="640 short messages to a shop: question, order, complaint or thanks.",
            config="zoo_tables.configs:RequestsConfig",
            factory="zoo_tables.labelled:requests",
            default_trainer="supervised",
            source="made by a rule for the zoo",
            license="CC0-1.0",
            languages=("en",),
            tags=("classification", "table", "toy", "offline"),
        ),
        DatasetSpec(
            name="pairs",
            summary="Pairs of texts, source to target, from a table: --dataset.path FILE.",
            config="zoo_tables.configs:PairsConfig",
            factory="zoo_tables.pairs:pairs",
            default_trainer="supervised",
            tags=("sequence-to-sequence", "table", "offline"),
            sample_settings="zoo_tables.pairs:sample_settings",
        ),
        DatasetSpec(
            name="dates",
            summary="1,500 dates, in words and as year-month-day.",
            config="zoo_tables.configs:DatesConfig",
            factory="zoo_tables.pairs:dates",
            default_trainer="supervised",
            source="made by a rule for the zoo",
            license="CC0-1.0",
            languages=("en",),
            tags=("sequence-to-sequence", "table", "toy", "offline"),
        ),
        DatasetSpec(
            name="memory",
            summary="Rows that a Python program hands over: zoo_core.train(MODEL, data=...).",
            config="zoo_tables.configs:MemoryConfig",
            factory="zoo_core.runtime.datasets.memory:MemoryDataset",
            default_trainer="supervised",
            tags=("python", "offline"),
            sample_settings="zoo_tables.samples:memory_settings",
        ),
    ]
