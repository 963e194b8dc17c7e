"""Declarations of this plugin: generated tasks and the trainer for their labels."""

from __future__ import annotations

from zoo_core import DatasetSpec, TrainerSpec, hookimpl

ZOO_API = 2
SAMPLE = "zoo_tasks.configs:sample_settings"


@hookimpl
def zoo_datasets() -> list[DatasetSpec]:
    """The datasets of this plugin."""
    return [
        DatasetSpec(
            name="parity",
            summary="Whether the ones are odd: 10,000 rows of 3–40 bits, tested on 41–256.",
            config="zoo_tasks.configs:ParityConfig",
            factory="zoo_tasks.parity:ParityDataset",
            default_trainer="task",
            source="generated, after Grazzi et al. (2025) and Beck et al. (2024)",
            license="CC0-1.0",
            tags=("task", "state-tracking", "generated", "offline"),
            sample_settings=SAMPLE,
        ),
    ]


@hookimpl
def zoo_trainers() -> list[TrainerSpec]:
    """The trainers of this plugin."""
    return [
        TrainerSpec(
            name="task",
            summary="Trains on labels; accuracy, also scaled and of whole rows, and by length.",
            config="zoo_tasks.configs:TaskConfig",
            factory="zoo_tasks.trainer:TaskTrainer",
            tags=("classification", "task"),
        ),
    ]
