"""Checks of trainers, on a little model and a little dataset."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, final

import torch

from zoo_core.catalog import Catalog, Offer
from zoo_core.errors import MisfitError
from zoo_core.imports import resolve
from zoo_core.plan import Plan
from zoo_core.runtime.batch import IGNORED, Batch, Output
from zoo_core.runtime.build import make_dataset, make_model, make_trainer
from zoo_core.runtime.events import EpochEnded, Event, Finished, Saved, Started, Stepped
from zoo_core.runtime.run import Run, resume as resumed
from zoo_core.runtime.trainer import AbstractTrainer
from zoo_core.settings import make, values_of
from zoo_core.specs import TrainerSpec
from zoo_core.testing.check import DoesNotApply, Finding, check
from zoo_core.testing.model_case import random_batch
from zoo_core.testing.sample_values import needed_values
from zoo_core.testing.samples import DATA, MODEL, PLUGIN
from zoo_core.training import AbstractTrainerConfig

KEPT = ("model.safetensors", "history.jsonl", "config.json")
"""What repeats bit for bit."""
LEARNT = 0.7
ROWS, STEPS, BATCHES = 4, 5, 3


@final
@dataclass(frozen=True)
class TrainerCase:
    """A trainer with labels for the sample data.

    Args:
        catalog: What is installed, the samples among it.
        offer: The trainer and who brings it.
        labels: The sample data's.
        epochs: Of a run.
    """

    catalog: Catalog
    offer: Offer[TrainerSpec]
    labels: str
    epochs: int = 2

    def label(self) -> str:
        """The case in words."""
        return f"labels={self.labels}, B={ROWS}, T={STEPS}, epochs={self.epochs}"

    def smaller(self) -> Iterator[TrainerCase]:
        """The same for one epoch."""
        if self.epochs > 1:
            yield replace(self, epochs=1)

    def plan(self, **settings: Any) -> Plan:
        """A run of some epochs of three steps, which saves its state at every step."""
        config = resolve(self.offer.spec.config)
        given = {"epochs": self.epochs, "batch_size": ROWS, "save_every": 0.0} | settings
        values = values_of(make(config, "trainer", needed_values(config) | given))
        return Plan(
            model=MODEL.name,
            dataset=DATA.name,
            trainer=self.offer.spec.name,
            plugins={
                "model": PLUGIN.distribution,
                "dataset": PLUGIN.distribution,
                "trainer": self.offer.plugin.distribution,
            },
            configs={"model": {}, "dataset": {"labels": self.labels}, "trainer": values},
            threads=torch.get_num_threads(),
            device="cpu",
        )

    def make(self) -> AbstractTrainer:
        """The trainer."""
        plan = self.plan()
        dataset = make_dataset(self.catalog, plan, None)
        return make_trainer(self.catalog, plan, dataset.signature)

    def answered(self) -> tuple[Output, Batch]:
        """Random logits that want a gradient, and the batch that they answer."""
        dataset = make_dataset(self.catalog, self.plan(), None)
        batch = random_batch(dataset.signature, ROWS, STEPS)
        assert batch.targets is not None, "it has labels"
        shape = (*batch.targets.shape, dataset.signature.classes)
        logits = torch.randn(shape, generator=torch.Generator().manual_seed(2))
        return Output(logits.requires_grad_(), None), batch

    def events(self, folder: Path, **settings: Any) -> list[Event]:
        """What a run says from beginning to end."""
        return list(Run(self.catalog, self.plan(**settings), folder).events())


@check("Let the trainer's config inherit from AbstractTrainerConfig.", needs=("config-defaults",))
def loop_settings(case: TrainerCase) -> Finding | None:
    """A trainer's config has the settings of the training loop."""
    config = resolve(case.offer.spec.config)
    if issubclass(config, AbstractTrainerConfig):
        return None
    return Finding("a subclass of AbstractTrainerConfig", config.__name__)


@check(
    "Give the mean over the targets that count, a tensor of no axes with a gradient; refuse data "
    "that does not fit with a MisfitError.",
    needs=("loop-settings", "import-strings"),
)
def objective(case: TrainerCase) -> Finding | None:
    """The loss is one finite number with a gradient."""
    trainer = _fitting(case)
    output, batch = case.answered()
    loss = trainer.loss(output, batch)
    if tuple(loss.shape) or not loss.requires_grad or not math.isfinite(loss.sum().item()):
        said = f"{loss!r:.120}"
        return Finding("a finite scalar with a gradient", " ".join(said.split()))
    return None


@check(
    "Leave out targets that are IGNORED, in the sum and in the count, as torch's cross entropy "
    "does with ignore_index=-100.",
    needs=("objective",),
)
def ignored_targets(case: TrainerCase) -> Finding | None:
    """Targets that are IGNORED do not count."""
    trainer = _fitting(case)
    output, batch = case.answered()
    assert batch.targets is not None, "it has labels"
    targets = batch.targets.clone()
    targets[0] = IGNORED
    logits = output.logits.detach().clone()
    before = trainer.loss(Output(logits, None), Batch(batch.inputs, targets)).item()
    logits[0] += torch.arange(logits.shape[-1])
    after = trainer.loss(Output(logits, None), Batch(batch.inputs, targets)).item()
    if before == after:
        return None
    return Finding("logits of an ignored target leave the loss alone", f"{before:g}, then {after:g}")


@check(
    "Put every parameter of the model into one group, and none into two.", needs=("objective",)
)
def parameter_groups(case: TrainerCase) -> Finding | None:
    """Every parameter is trained once."""
    trainer, plan = _fitting(case), case.plan()
    dataset = make_dataset(case.catalog, plan, None)
    model = make_model(case.catalog, plan, dataset.signature)
    groups: list[dict[str, Any]] = trainer.parameter_groups(model)
    given = [id(each) for group in groups for each in group["params"]]
    counts = {name: given.count(id(each)) for name, each in model.named_parameters()}
    if wrong := {name: count for name, count in counts.items() if count != 1}:
        return Finding("every parameter in one group", f"{wrong}")
    return None


@check(
    "Return finite metrics for every split, the loss under 'loss' among them, and write only what "
    "a run can keep.",
    needs=("objective",),
)
def events(case: TrainerCase) -> Finding | None:
    """A run says all that happens, with finite metrics for every split, and ends."""
    _fitting(case)
    with TemporaryDirectory() as folder:
        said = case.events(Path(folder) / "run")
    kinds = [type(each) for each in said]
    counts = {Started: 1, Stepped: BATCHES * case.epochs, EpochEnded: case.epochs, Finished: 1}
    for kind, count in counts.items():
        if kinds.count(kind) != count:
            return Finding(f"{count} × {kind.__name__}", f"{kinds.count(kind)}")
    if kinds[0] is not Saved or kinds[-1] is not Finished:
        return Finding("Saved first and Finished last", f"{kinds[0].__name__}, {kinds[-1].__name__}")
    for each in said:
        if isinstance(each, EpochEnded):
            for split in ("train", "validation"):
                metrics = each.metrics.get(split, {})
                if "loss" not in metrics or not all(map(math.isfinite, metrics.values())):
                    return Finding(f"finite metrics of {split}, loss among them", f"{metrics}")
    return None


@check(
    "Return a loss that gets smaller as the answers get better, with its graph: no minus sign, no "
    "detach(), no .item().",
    needs=("events",),
)
def loss_falls(case: TrainerCase) -> Finding | None:
    """Training makes the loss smaller."""
    _fitting(case)
    rates = (0.05, 0.01, 0.2)
    shares = []
    for rate in rates:
        with TemporaryDirectory() as folder:
            said = case.events(Path(folder) / "run", learning_rate=rate, epochs=15)
        losses = [each.metrics["train"]["loss"] for each in said if isinstance(each, EpochEnded)]
        shares.append(losses[-1] / losses[0])
        if losses[-1] < LEARNT * losses[0]:
            return None
    expected = f"after 15 epochs less than {LEARNT:.0%} of the first epoch's loss"
    return Finding(expected, f"{min(shares):.0%} at best, over learning rates {rates}")


@check(
    "Keep nothing in the trainer that changes while it trains, draw random numbers from torch's "
    "global generator alone, and none in sample().",
    needs=("events",),
)
def resume(case: TrainerCase) -> Finding | None:
    """An interrupted run that goes on gives bit for bit what an uninterrupted one gives."""
    _fitting(case)
    with TemporaryDirectory() as folder:
        case.events(Path(folder) / "whole")
        whole = _contents(Path(folder) / "whole")
        for step in range(1, BATCHES * case.epochs):
            again = Path(folder) / f"interrupted-{step}"
            _interrupt(Run(case.catalog, case.plan(), again), step)
            torch.manual_seed(12345)
            list(resumed(case.catalog, again).events())
            if differing := [n for n, data in _contents(again).items() if whole[n] != data]:
                expected = f"interrupted after step {step} and resumed, the same {differing[0]}"
                return Finding(expected, "other bytes")
    return None


def trainer_cases(catalog: Catalog, offer: Offer[TrainerSpec]) -> list[TrainerCase]:
    """The trainer with each kind of labels."""
    return [TrainerCase(catalog, offer, labels) for labels in ("next", "step", "sequence")]


def _fitting(case: TrainerCase) -> AbstractTrainer:
    try:
        return case.make()
    except MisfitError as error:
        raise DoesNotApply(str(error)) from None


def _interrupt(run: Run, step: int) -> None:
    """Ctrl+C after a step."""
    events = run.events()
    try:
        for event in events:
            if isinstance(event, Stepped) and run.loop.position.steps == step:
                events.throw(KeyboardInterrupt())
    except KeyboardInterrupt:
        return


def _contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in KEPT}


CHECKS = (
    loop_settings,
    objective,
    ignored_targets,
    parameter_groups,
    events,
    loss_falls,
    resume,
)
