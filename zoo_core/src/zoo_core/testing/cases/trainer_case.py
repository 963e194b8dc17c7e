"""A trainer to check, with the sample model and the sample data or a dataset of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import torch

from zoo_core.configs.settings import build_config, values_of
from zoo_core.data.signature import Custom
from zoo_core.errors import MisfitError
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec, TrainerSpec
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.build import make_dataset, make_model, make_trainer
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import EpochEnded, Event
from zoo_core.runtime.training.loop import Loop
from zoo_core.runtime.training.trainer import AbstractTrainer
from zoo_core.testing.cases.model_case import random_batch
from zoo_core.testing.cases.sample_values import dataset_values, needed_values
from zoo_core.testing.cases.samples import DATA, MODEL, PLUGIN, with_samples
from zoo_core.testing.check import DoesNotApply

ROWS, STEPS = 4, 5
LABELS = {
    "next": "classes",
    "step": "classes",
    "sequence": "classes",
    "values": "values",
    "keys": "keys",
}
"""What the sample data can label, and the kind of outputs that it then gives."""


@final
@dataclass(frozen=True)
class TrainerCase:
    """A trainer and the data that it is checked with.

    Args:
        catalog: The installed plugins and the samples.
        entry: The trainer and its plugin.
        data: The dataset and its plugin.
        settings: Settings of the dataset.
        epochs: The number of epochs of a run.
    """

    catalog: Catalog
    entry: CatalogEntry[TrainerSpec]
    data: CatalogEntry[DatasetSpec]
    settings: Mapping[str, Any]
    epochs: int = 2

    def label(self) -> str:
        """Returns the data and the sizes of the run."""
        name = self.data.spec.name
        data = f"dataset={name}" if self.own_data else f"labels={self.settings['labels']}"
        return f"{data}, B={ROWS}, epochs={self.epochs}"

    @property
    def own_data(self) -> bool:
        """Whether the data is a dataset of the plugin, not the sample data."""
        return self.data.spec != DATA

    def smaller(self) -> Iterator[TrainerCase]:
        """Yields the case with one epoch."""
        if self.epochs > 1:
            yield replace(self, epochs=1)

    def run_config(self, **settings: Any) -> RunConfig:
        """Returns a run of a few steps an epoch that saves its state at every step.

        Args:
            settings: Settings of the trainer to change.
        """
        config = resolve(self.entry.spec.config)
        settings = {"epochs": self.epochs, "batch_size": ROWS, "save_every": 0.0} | settings
        values = values_of(build_config(config, "trainer", needed_values(config) | settings))
        return RunConfig(
            model=MODEL.name,
            dataset=self.data.spec.name,
            trainer=self.entry.spec.name,
            plugins={
                "model": PLUGIN.distribution,
                "dataset": self.data.plugin.distribution,
                "trainer": self.entry.plugin.distribution,
            },
            configs={"model": {}, "dataset": self._data_values(), "trainer": values},
            threads=torch.get_num_threads(),
            device="cpu",
        )

    def _data_values(self) -> dict[str, Any]:
        config = resolve(self.data.spec.config)
        return values_of(build_config(config, "dataset", dict(self.settings)))

    def dataset(self) -> AbstractDataset:
        """Builds the data."""
        return make_dataset(self.catalog, self.run_config(), None)

    def batch_count(self) -> int:
        """Returns the number of batches of an epoch of training."""
        return self.dataset().batch_count("train", ROWS, 0, 1)

    def model(self) -> AbstractModel:
        """Builds the sample model."""
        signature = self.make().model_signature(self.dataset().signature)
        return make_model(self.catalog, self.run_config(), signature)

    def make(self) -> AbstractTrainer:
        """Builds the trainer.

        Raises:
            DoesNotApply: The trainer does not accept such data, or the sample model does not.
        """
        if self.entry.spec.outputs == ("custom",) and not self.own_data:
            name = self.entry.spec.name
            raise DoesNotApply(
                f"no dataset of {self.entry.plugin.name} has default_trainer {name!r}, so there "
                "are no targets of its form"
            )
        signature = self.dataset().signature
        try:
            trainer = make_trainer(self.catalog, self.run_config(), signature)
            make_model(self.catalog, self.run_config(), trainer.model_signature(signature))
        except MisfitError as error:
            raise DoesNotApply(str(error)) from None
        return trainer

    def output_and_batch(self) -> tuple[Output, Batch]:
        """Returns random logits, which require a gradient, and a batch with labels.

        The batch is random, or the first of the data if only the data knows the form of targets.
        """
        dataset = self.dataset()
        signature = self.make().model_signature(dataset.signature)
        if isinstance(signature.outputs, Custom):
            batch = next(dataset.batches("train", ROWS, 0, 1))
        else:
            batch = random_batch(signature, ROWS, STEPS)
        rows_and_steps = batch.inputs.shape[: 2 if signature.outputs.per == "step" else 1]
        shape = (*rows_and_steps, signature.outputs.width)
        logits = torch.randn(shape, generator=torch.Generator().manual_seed(2))
        return Output(logits.requires_grad_(), None), batch

    def events(self, folder: Path) -> list[Event]:
        """Trains a run to its end and returns its events.

        Args:
            folder: The run's folder.
        """
        return list(Run(self.catalog, self.run_config(), folder).events())

    def losses(self, learning_rate: float) -> list[float]:
        """Trains without a run folder and returns the training loss of every epoch."""
        torch.manual_seed(0)
        run_config = self.run_config(learning_rate=learning_rate)
        trainer = make_trainer(self.catalog, run_config, self.dataset().signature)
        loop = Loop(self.model(), self.dataset(), trainer, seed=0)
        return [
            event.metrics["train"]["loss"]
            for event in loop.events()
            if isinstance(event, EpochEnded)
        ]


def trainer_cases(catalog: Catalog, entry: CatalogEntry[TrainerSpec]) -> list[TrainerCase]:
    """Returns the cases of a trainer: one for each kind of outputs that its spec names.

    Targets of the trainer's own form come from those datasets of its plugin that name it as their
    default trainer.
    """
    extended = with_samples(catalog)
    sample = extended.find(DatasetSpec, DATA.name)
    kinds = [labels for labels, kind in LABELS.items() if kind in entry.spec.outputs]
    cases = []
    if "custom" in entry.spec.outputs:
        cases += [
            TrainerCase(extended, entry, data, dataset_values(data.spec))
            for data in catalog.entries
            if isinstance(data.spec, DatasetSpec)
            and data.plugin == entry.plugin
            and data.spec.default_trainer == entry.spec.name
        ]
    cases += [TrainerCase(extended, entry, sample, {"labels": labels}) for labels in kinds]
    return cases or [TrainerCase(extended, entry, sample, {"labels": "next"})]


def first_accepted(cases: list[TrainerCase]) -> list[TrainerCase]:
    """Returns the first case whose labels the trainer accepts, or else the first case."""
    for case in cases:
        try:
            case.make()
        except DoesNotApply:
            continue
        except Exception:  # the checks report it
            break
        return [case]
    return cases[:1]
