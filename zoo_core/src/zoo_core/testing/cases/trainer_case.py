"""A trainer to check, with the sample model and the sample data."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

import torch

from zoo_core.configs.settings import build_config, values_of
from zoo_core.errors import MisfitError
from zoo_core.plugins.catalog import Catalog, CatalogEntry
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import TrainerSpec
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
from zoo_core.testing.cases.sample_values import needed_values
from zoo_core.testing.cases.samples import DATA, MODEL, PLUGIN, with_samples
from zoo_core.testing.check import DoesNotApply

ROWS, STEPS, BATCHES = 4, 5, 3
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
    """A trainer and the labels of the sample data.

    Args:
        catalog: The installed plugins and the samples.
        entry: The trainer and its plugin.
        labels: What the sample data labels.
        epochs: The number of epochs of a run.
    """

    catalog: Catalog
    entry: CatalogEntry[TrainerSpec]
    labels: str
    epochs: int = 2

    def label(self) -> str:
        """Returns the labels and the sizes of the run."""
        return f"labels={self.labels}, B={ROWS}, T={STEPS}, epochs={self.epochs}"

    def smaller(self) -> Iterator[TrainerCase]:
        """Yields the case with one epoch."""
        if self.epochs > 1:
            yield replace(self, epochs=1)

    def run_config(self, **settings: Any) -> RunConfig:
        """Returns a run of three steps an epoch that saves its state at every step.

        Args:
            settings: Settings of the trainer to change.
        """
        config = resolve(self.entry.spec.config)
        settings = {"epochs": self.epochs, "batch_size": ROWS, "save_every": 0.0} | settings
        values = values_of(build_config(config, "trainer", needed_values(config) | settings))
        return RunConfig(
            model=MODEL.name,
            dataset=DATA.name,
            trainer=self.entry.spec.name,
            plugins={
                "model": PLUGIN.distribution,
                "dataset": PLUGIN.distribution,
                "trainer": self.entry.plugin.distribution,
            },
            configs={"model": {}, "dataset": {"labels": self.labels}, "trainer": values},
            threads=torch.get_num_threads(),
            device="cpu",
        )

    def dataset(self) -> AbstractDataset:
        """Builds the sample data with the case's labels."""
        return make_dataset(self.catalog, self.run_config(), None)

    def model(self) -> AbstractModel:
        """Builds the sample model."""
        signature = self.make().model_signature(self.dataset().signature)
        return make_model(self.catalog, self.run_config(), signature)

    def make(self) -> AbstractTrainer:
        """Builds the trainer.

        Raises:
            DoesNotApply: The trainer does not accept such labels.
        """
        try:
            return make_trainer(self.catalog, self.run_config(), self.dataset().signature)
        except MisfitError as error:
            raise DoesNotApply(str(error)) from None

    def output_and_batch(self) -> tuple[Output, Batch]:
        """Returns random logits, which require a gradient, and a random batch with labels."""
        signature = self.make().model_signature(self.dataset().signature)
        batch = random_batch(signature, ROWS, STEPS)
        steps = (STEPS,) if signature.outputs.per == "step" else ()
        shape = (ROWS, *steps, signature.outputs.width)
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
    """Returns the cases of a trainer: one for each kind of labels that its spec names."""
    extended = with_samples(catalog)
    kinds = [labels for labels, kind in LABELS.items() if kind in entry.spec.outputs]
    return [TrainerCase(extended, entry, labels) for labels in kinds or ["next"]]


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
