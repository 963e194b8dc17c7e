"""A trainer to look at, on a little model and a little dataset."""

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
from zoo_core.testing.check import DoesNotApply
from zoo_core.testing.model_case import random_batch
from zoo_core.testing.sample_values import needed_values
from zoo_core.testing.samples import DATA, MODEL, PLUGIN, with_samples

ROWS, STEPS, BATCHES = 4, 5, 3
LABELS = ("next", "step", "sequence")


@final
@dataclass(frozen=True)
class TrainerCase:
    """A trainer with labels for the sample data.

    Args:
        catalog: What is installed, and the samples.
        entry: The trainer and who brings it.
        labels: The sample data's.
        epochs: Of a run.
    """

    catalog: Catalog
    entry: CatalogEntry[TrainerSpec]
    labels: str
    epochs: int = 2

    def label(self) -> str:
        """The case in words."""
        return f"labels={self.labels}, B={ROWS}, T={STEPS}, epochs={self.epochs}"

    def smaller(self) -> Iterator[TrainerCase]:
        """The same for one epoch."""
        if self.epochs > 1:
            yield replace(self, epochs=1)

    def run_config(self, **settings: Any) -> RunConfig:
        """A run of some epochs of three steps, which saves its state at every step."""
        config = resolve(self.entry.spec.config)
        given = {"epochs": self.epochs, "batch_size": ROWS, "save_every": 0.0} | settings
        values = values_of(build_config(config, "trainer", needed_values(config) | given))
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
        """The sample data with these labels."""
        return make_dataset(self.catalog, self.run_config(), None)

    def model(self) -> AbstractModel:
        """The sample model."""
        return make_model(self.catalog, self.run_config(), self.dataset().signature)

    def make(self) -> AbstractTrainer:
        """The trainer.

        Raises:
            DoesNotApply: It does not take such labels.
        """
        try:
            return make_trainer(self.catalog, self.run_config(), self.dataset().signature)
        except MisfitError as error:
            raise DoesNotApply(str(error)) from None

    def answered(self) -> tuple[Output, Batch]:
        """Random logits that want a gradient, and the batch that they answer."""
        signature = self.dataset().signature
        batch = random_batch(signature, ROWS, STEPS)
        assert batch.targets is not None, "it has labels"
        shape = (*batch.targets.shape, signature.classes)
        logits = torch.randn(shape, generator=torch.Generator().manual_seed(2))
        return Output(logits.requires_grad_(), None), batch

    def events(self, folder: Path) -> list[Event]:
        """What a run says from beginning to end."""
        return list(Run(self.catalog, self.run_config(), folder).events())

    def losses(self, rate: float) -> list[float]:
        """The training loss of every epoch at a learning rate; nothing is written."""
        torch.manual_seed(0)
        trainer = make_trainer(
            self.catalog, self.run_config(learning_rate=rate), self.dataset().signature
        )
        loop = Loop(self.model(), self.dataset(), trainer, seed=0)
        ended = [each for each in loop.events() if isinstance(each, EpochEnded)]
        return [each.metrics["train"]["loss"] for each in ended]


def trainer_cases(catalog: Catalog, entry: CatalogEntry[TrainerSpec]) -> list[TrainerCase]:
    """The trainer with each kind of labels."""
    there = with_samples(catalog)
    return [TrainerCase(there, entry, labels) for labels in LABELS]


def taken(cases: list[TrainerCase]) -> list[TrainerCase]:
    """The first of the cases whose labels the trainer takes; the first of all if it takes none."""
    for case in cases:
        try:
            case.make()
        except DoesNotApply:
            continue
        except Exception:  # for the checks to tell
            break
        return [case]
    return cases[:1]
