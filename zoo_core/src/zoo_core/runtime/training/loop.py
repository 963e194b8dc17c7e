"""The training loop: epochs, best and last, early stop, budget.

It is a generator of events. All of its own state is advanced before each event, so that between
two events it can be saved, and restored, bit for bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import final

from torch import Tensor

from zoo_core.errors import DivergedError, IntegrityError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import State, detach, restore_state, state_tensors
from zoo_core.runtime.training.evaluation import check_not_empty, evaluate
from zoo_core.runtime.training.events import EpochEnded, Stepped
from zoo_core.runtime.training.loop_state import (
    Position,
    Snapshot,
    prefixed,
    random_state,
    restore_random_state,
    without_prefix,
)
from zoo_core.runtime.training.step import REMEDY, Stepper, check_finite
from zoo_core.runtime.training.step_metrics import Tally
from zoo_core.runtime.training.trainer import AbstractTrainer, MetricSums

LOOK = 0.1
"""Seconds between two looks at what an accelerator has done."""


@final
class Loop:
    """One training under way.

    Args:
        model: On its device.
        dataset: What it learns from.
        trainer: The objective.
        seed: Of the order of the data.
        device: Where the model is.
        precision: ``fp32`` or ``bf16``.
        budget: Seconds of the whole run after which to stop; 0 for no limit.

    Raises:
        DataError: A split has not one batch.
    """

    def __init__(
        self,
        model: AbstractModel,
        dataset: AbstractDataset,
        trainer: AbstractTrainer,
        *,
        seed: int,
        device: str = "cpu",
        precision: str = "fp32",
        budget: float = 0.0,
    ) -> None:
        self.model, self.dataset, self.trainer = model, dataset, trainer
        self.seed, self.device, self.precision, self.budget = seed, device, precision, budget
        self.config = trainer.config
        for split in dataset.splits:  # before hours of training, not after
            check_not_empty(dataset, trainer, split)
        epochs = range(1, self.config.epochs + 1 if self.config.schedule else 2)
        steps = sum(self.batches(epoch) for epoch in epochs)
        self.stepper = Stepper(model, trainer, steps=steps, device=device, precision=precision)
        self.trainer.sample(model, dataset, epoch=0)
        self.position = Position()
        self.best: dict[str, Tensor] = {}
        self.state: State | None = None
        self.tally, self.loss = Tally(), math.nan
        self.reason = "epochs"
        self.judged = "validation" in dataset.splits
        self._began = self._looked = time.monotonic()

    @property
    def seconds(self) -> float:
        """Of the run so far, those before a resume included."""
        return self.position.seconds + time.monotonic() - self._began

    def batches(self, epoch: int) -> int:
        """How many an epoch has."""
        return self.dataset.batch_count("train", self.config.batch_size, self.seed, epoch)

    def events(self) -> Iterator[Stepped | EpochEnded]:
        """Trains until the epochs, the patience or the budget are used up.

        Raises:
            DivergedError: The loss or the gradient is infinite or not a number.
        """
        while self.position.epoch <= self.config.epochs and not self._stop():
            yield from self._steps()
            if self.position.batch:
                yield self._end_epoch()

    def evaluate(self, split: str) -> dict[str, float]:
        """The metrics of the model as it stands."""
        how = {"device": self.device, "precision": self.precision}
        return evaluate(self.model, self.dataset, self.trainer, split, **how)

    def _steps(self) -> Iterator[Stepped]:
        at = self.position
        count = self.batches(at.epoch)
        size = self.config.batch_size
        batches = self.dataset.batches("train", size, self.seed, at.epoch, start=at.batch)
        while at.batch < count and not self._over_budget():
            began = time.perf_counter()
            self._step(next(batches).to(self.device))
            taken = time.perf_counter() - began
            at.step_seconds += taken
            at.epoch_seconds += taken
            yield Stepped(at.epoch, at.batch, count, self.loss, at.tokens, at.step_seconds)

    def _step(self, batch: Batch) -> None:
        at = self.position
        carries = batch.carry and self.trainer.carries_state and self.model.carries_state
        try:
            taken = self.stepper.step(batch, self.state if carries else None)
        except DivergedError as error:
            raise DivergedError(f"epoch {at.epoch}, step {at.steps + 1}: {error}") from None
        self.state = detach(taken.output.state)
        self.tally.note(taken, batch)
        at.batch += 1
        at.steps += 1
        if self.stepper.looks or time.monotonic() - self._looked >= LOOK:
            self._look()

    def _look(self) -> None:
        """Adds up the figures of the steps since the last look.

        Raises:
            DivergedError: One of those steps had a loss or a gradient that is not finite.
        """
        at = self.position
        noted = self.tally.look()
        for step, each in enumerate(noted, start=at.steps - len(noted) + 1):
            try:
                check_finite(each.loss, each.norm)
            except DivergedError as error:
                raise DivergedError(f"epoch {at.epoch}, step {step}: {error}") from None
            at.totals.add_sums(each.loss, each.correct, each.targets)
            at.tokens += each.targets
            self.loss = each.loss
        self._looked = time.monotonic()

    def _end_epoch(self) -> EpochEnded:
        self._look()
        at = self.position
        metrics = {"train": self.trainer.metrics(at.totals)}
        best = True
        if self.judged:
            metrics["validation"] = self.evaluate("validation")
            best = self._note_best(metrics["validation"]["loss"])
        seconds = at.epoch_seconds
        at.note_epoch(metrics, self.stepper.learning_rate, self.seconds)
        speed = at.totals.targets / seconds if seconds else 0.0
        sample = self._sample()
        ended = EpochEnded(at.epoch, self.config.epochs, metrics, best, speed, seconds, sample)
        at.epoch, at.batch, at.totals, self.state = at.epoch + 1, 0, MetricSums(), None
        at.epoch_seconds = 0.0
        return ended

    def _sample(self) -> str:
        try:
            return self.trainer.sample(self.model, self.dataset, self.position.epoch)
        except IntegrityError as error:
            raise DivergedError(f"epoch {self.position.epoch}: {error}; {REMEDY}") from None

    def _note_best(self, loss: float) -> bool:
        at = self.position
        if not math.isfinite(loss):
            raise DivergedError(f"epoch {at.epoch}: validation loss {loss:g}; {REMEDY}")
        better = at.best_loss is None or loss < at.best_loss
        if better:
            at.best_loss, at.best_epoch = loss, at.epoch
            self.best = {n: t.detach().cpu().clone() for n, t in self.model.state_dict().items()}
        return better

    def _stop(self) -> bool:
        at, patience = self.position, self.config.patience
        if self._over_budget():
            return True
        if patience and self.judged and at.epoch - 1 - at.best_epoch >= patience:
            self.reason = "patience"
            return True
        return False

    def _over_budget(self) -> bool:
        over = 0 < self.budget <= self.seconds and self.position.steps > 0
        if over:
            self.reason = "budget"
        return over

    def snapshot(self) -> Snapshot:
        """All that ``restore`` needs.

        Raises:
            DivergedError: A step since the last look had a loss or a gradient that is not finite.
        """
        self._look()
        tensors, values = self.stepper.snapshot()
        carried = state_tensors(self.state) if self.state else {}
        return Snapshot(
            weights=self.model.state_dict(),
            best=self.best,
            tensors=prefixed("optimizer", tensors)
            | prefixed("state", carried)
            | random_state(self.device),
            values=values | {"position": self.position.to_json() | {"seconds": self.seconds}},
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Puts the loop where ``snapshot`` was taken."""
        self.model.load_state_dict(snapshot.weights)
        # a snapshot from disk is mapped, and its file is removed when the next one is saved
        self.best = {name: each.clone() for name, each in snapshot.best.items()}
        slots = {n: t.clone() for n, t in without_prefix("optimizer", snapshot.tensors).items()}
        self.stepper.restore(slots, snapshot.values)
        self.position = Position.from_json(snapshot.values["position"])
        self.state = self._restored_state(without_prefix("state", snapshot.tensors))
        restore_random_state(snapshot.tensors)
        self._began = time.monotonic()

    def _restored_state(self, carried: dict[str, Tensor]) -> State | None:
        if not carried:
            return None
        like = self.model.initial_state(next(iter(carried.values())).shape[0])
        assert like is not None, "a state was carried, so the model has one"
        return restore_state(like, {name: each.to(self.device) for name, each in carried.items()})
