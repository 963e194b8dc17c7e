"""Declarations of this plugin: generated tasks and the trainer for their labels."""

from __future__ import annotations

from zoo_core import DatasetSpec, TrainerSpec, hookimpl

ZOO_API = 3
SAMPLE = "zoo_tasks.configs:sample_settings"


@hookimpl
def zoo_datasets() -> list[DatasetSpec]:
    """The datasets of this plugin."""
    return [
        DatasetSpec(
            name="a-n-b-n",
            summary="As many b as a: 50 words of 1–50 a and as many b, tested on 51–100.",
            config="zoo_tasks.configs:ANBNConfig",
            factory="zoo_tasks.a_n_b_n:ANBNDataset",
            default_trainer="task",
            source="generated, after Gers & Schmidhuber (2001) and Suzgun et al. (2018)",
            license="CC0-1.0",
            tags=("task", "counting", "generated", "offline"),
        ),
        DatasetSpec(
            name="adding",
            summary="The sum of two marked numbers: 10,000 rows of 50 steps, tested on 100.",
            config="zoo_tasks.configs:AddingConfig",
            factory="zoo_tasks.adding:AddingDataset",
            default_trainer="regression",
            source="generated, after Hochreiter & Schmidhuber (1997) and Arjovsky et al. (2016)",
            license="CC0-1.0",
            tags=("task", "memory", "generated", "offline"),
            sample_settings=SAMPLE,
        ),
        DatasetSpec(
            name="copy-memory",
            summary="Ten symbols to repeat after 20 steps: 10,000 rows, tested after 40.",
            config="zoo_tasks.configs:CopyMemoryConfig",
            factory="zoo_tasks.copying:CopyMemoryDataset",
            default_trainer="task",
            source="generated, after Hochreiter & Schmidhuber (1997) and Arjovsky et al. (2016)",
            license="CC0-1.0",
            tags=("task", "memory", "generated", "offline"),
            sample_settings=SAMPLE,
        ),
        DatasetSpec(
            name="dyck",
            summary="Which bracket may close: 10,000 words of 2–50 brackets, tested on 52–100.",
            config="zoo_tasks.configs:DyckConfig",
            factory="zoo_tasks.dyck:DyckDataset",
            default_trainer="task",
            source="generated, after Suzgun et al. (2019) and Hewitt et al. (2020)",
            license="CC0-1.0",
            tags=("task", "nesting", "generated", "offline"),
            sample_settings=SAMPLE,
        ),
        DatasetSpec(
            name="modular-arithmetic",
            summary="Sums and products modulo 5: 10,000 rows of 4–40 symbols, tested on 42–256.",
            config="zoo_tasks.configs:ModularArithmeticConfig",
            factory="zoo_tasks.modular_arithmetic:ModularArithmeticDataset",
            default_trainer="task",
            source="generated, after Grazzi et al. (2025) and Beck et al. (2024)",
            license="CC0-1.0",
            tags=("task", "state-tracking", "generated", "offline"),
            sample_settings=SAMPLE,
        ),
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
        DatasetSpec(
            name="permutations",
            summary="Products in S3 or S5: 10,000 rows of 4–20 permutations, tested on 21–100.",
            config="zoo_tasks.configs:PermutationsConfig",
            factory="zoo_tasks.permutations:PermutationsDataset",
            default_trainer="task",
            source="generated, after Merrill et al. (2024)",
            license="CC0-1.0",
            tags=("task", "state-tracking", "generated", "offline"),
            sample_settings=SAMPLE,
        ),
        DatasetSpec(
            name="recall",
            summary="The values of 4 keys: 10,000 rows of 32 symbols, tested on 8 keys and 64.",
            config="zoo_tasks.configs:RecallConfig",
            factory="zoo_tasks.recall:RecallDataset",
            default_trainer="task",
            source="generated, after Arora et al. (2023)",
            license="CC0-1.0",
            tags=("task", "memory", "generated", "offline"),
            sample_settings=SAMPLE,
        ),
        DatasetSpec(
            name="selective-copy",
            summary="Four symbols among 28 blanks to repeat: 10,000 rows, tested among 60.",
            config="zoo_tasks.configs:SelectiveCopyConfig",
            factory="zoo_tasks.copying:SelectiveCopyDataset",
            default_trainer="task",
            source="generated, after Gu & Dao (2023)",
            license="CC0-1.0",
            tags=("task", "memory", "generated", "offline"),
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
