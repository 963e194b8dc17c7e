"""The training loop: steps, epochs, best and last, early stop, budget.

It is a generator of events. All of its own state is advanced before each event, so that between
two events it can be saved, and restored, bit for bit.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from itertools import chain
from typing import final

import torch
from torch import Tensor

from zoo_core.errors import DivergedError
from zoo_core.runtime.batch import Batch
from zoo_core.runtime.dataset import AbstractDataset
from zoo_core.runtime.device import precision_context
from zoo_core.runtime.evaluation import evaluate
from zoo_core.runtime.events import EpochEnded, Stepped
from zoo_core.runtime.model import AbstractModel
from zoo_core.runtime.optimization import flatten, make_optimizer, make_schedule, unflatten
from zoo_core.runtime.snapshot import (
    Position,
    Snapshot,
    prefixed,
    random_state,
    restore_random_state,
    without_prefix,
)
from zoo_core.runtime.state import State, detach, restore_state, state_tensors
from zoo_core.runtime.trainer import AbstractTrainer, Totals

REMEDY = "try a smaller --trainer.learning-rate or --trainer.clip-norm"


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
        epochs = range(1, self.config.epochs + 1)
        self.batches = [self._count(epoch) for epoch in epochs]
        self.optimizer = make_optimizer(self.config, trainer.parameter_groups(model))
        self.schedule = make_schedule(self.config, self.optimizer, sum(self.batches))
        self.position = Position()
        self.best: dict[str, Tensor] = {}
        self.state: State | None = None
        self.reason = "epochs"
        self.judged = "validation" in dataset.splits
        self._began = time.monotonic()

    def events(self) -> Iterator[Stepped | EpochEnded]:
        """Trains until the epochs, the patience or the budget are used up.

        Raises:
            DivergedError: The loss or the gradient is infinite or not a number.
        """
        while self.position.epoch <= self.config.epochs and not self._stop():
            yield from self._steps()
            if self.position.batch:
                yield self._end_epoch()

    @property
    def seconds(self) -> float:
        """Of the run so far, those before a resume included."""
        return self.position.seconds + time.monotonic() - self._began

    def _steps(self) -> Iterator[Stepped]:
        at = self.position
        count = self.batches[at.epoch - 1]
        batches = self.dataset.batches(
            "train", self.config.batch_size, self.seed, at.epoch, start=at.batch
        )
        while at.batch < count and not self._over_budget():
            began = time.perf_counter()
            loss = self._step(next(batches).to(self.device))
            at.step_seconds += time.perf_counter() - began
            yield Stepped(at.epoch, at.batch, count, loss, at.tokens, at.step_seconds)

    def _step(self, batch: Batch) -> float:
        at = self.position
        self.model.train()
        carries = batch.carry and self.trainer.carries_state and self.model.carries_state
        with precision_context(self.precision, self.device):
            output = self.model(batch, self.state if carries else None)
            loss = self.trainer.loss(output, batch)
        value = loss.item()
        self.optimizer.zero_grad()
        torch.autograd.backward(loss)
        norm = self._clip()
        if not math.isfinite(value) or not math.isfinite(norm):
            raise DivergedError(
                f"epoch {at.epoch}, step {at.steps + 1}: loss {value:g}, gradient norm {norm:g}; "
                f"{REMEDY}"
            )
        self.optimizer.step()
        if self.schedule:
            self.schedule.step()
        self.state = detach(output.state)
        before = at.totals.targets
        at.totals.add(value, output, batch)
        at.tokens += at.totals.targets - before
        at.batch += 1
        at.steps += 1
        return value

    def _clip(self) -> float:
        """The gradient's global norm, after scaling it down where the config says so."""
        bound = self.config.clip_norm or math.inf
        return torch.nn.utils.clip_grad_norm_(self.model.parameters(), bound).item()

    def _end_epoch(self) -> EpochEnded:
        at = self.position
        metrics = {"train": self.trainer.metrics(at.totals)}
        if self.judged:
            metrics["validation"] = self.evaluate("validation")
            if not math.isfinite(metrics["validation"]["loss"]):
                raise DivergedError(
                    f"epoch {at.epoch}: the validation loss is not finite; {REMEDY}"
                )
        best = self._note_best(metrics["validation"]["loss"]) if self.judged else True
        rate = self.optimizer.param_groups[0]["lr"]
        at.history.append(
            {"epoch": at.epoch, "steps": at.steps, "learning_rate": rate, "metrics": metrics}
        )
        seconds = at.step_seconds - sum(row["step_seconds"] for row in at.timings)
        speed = at.totals.targets / seconds if seconds else 0.0
        at.timings.append(
            {
                "epoch": at.epoch,
                "seconds": self.seconds,
                "step_seconds": seconds,
                "tokens_per_second": speed,
            }
        )
        ended = EpochEnded(at.epoch, self.config.epochs, metrics, best, speed, seconds)
        at.epoch, at.batch, at.totals, self.state = at.epoch + 1, 0, Totals(), None
        return ended

    def evaluate(self, split: str) -> dict[str, float]:
        """The metrics of the model as it stands."""
        return evaluate(
            self.model,
            self.dataset,
            self.trainer,
            split,
            device=self.device,
            precision=self.precision,
        )

    def _note_best(self, loss: float) -> bool:
        at = self.position
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

    def _count(self, epoch: int) -> int:
        return self.dataset.batch_count("train", self.config.batch_size, self.seed, epoch)

    def snapshot(self) -> Snapshot:
        """All that ``restore`` needs."""
        tensors, groups = flatten(self.optimizer.state_dict())
        carried = state_tensors(self.state) if self.state else {}
        return Snapshot(
            weights=self.model.state_dict(),
            best=self.best,
            tensors=dict(
                chain(
                    prefixed("optimizer", tensors).items(),
                    prefixed("state", carried).items(),
                    random_state(self.device).items(),
                )
            ),
            values={
                "optimizer": groups,
                "schedule": self.schedule.state_dict() if self.schedule else None,
                "position": self.position.to_json() | {"seconds": self.seconds},
            },
        )

    def restore(self, snapshot: Snapshot) -> None:
        """Puts the loop where ``snapshot`` was taken."""
        self.model.load_state_dict(snapshot.weights)
        self.best = snapshot.best
        slots = without_prefix("optimizer", snapshot.tensors)
        self.optimizer.load_state_dict(unflatten(slots, snapshot.values["optimizer"]))
        if self.schedule:
            self.schedule.load_state_dict(snapshot.values["schedule"])
        self.position = Position.from_json(snapshot.values["position"])
        carried = without_prefix("state", snapshot.tensors)
        if carried:
            rows = next(iter(carried.values())).shape[0]
            like = self.model.initial_state(rows)
            assert like is not None, "a state was carried, so the model has one"
            moved = {name: tensor.to(self.device) for name, tensor in carried.items()}
            self.state = restore_state(like, moved)
        restore_random_state(snapshot.tensors)
        self._began = time.monotonic()
