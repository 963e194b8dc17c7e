"""The state of a training loop: what it needs to continue bit for bit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from zoo_core.run_folder.manifest import Metrics


@final
@dataclass
class RunProgress:
    """How far a run has come, in values that JSON can hold.

    Args:
        epoch: The current epoch, from 1; beyond the last one when all are done.
        batch: The finished batches of that epoch.
        steps: The optimizer steps of the run.
        tokens: The targets predicted in the run.
        totals: Sums over the batches of the current epoch, by name.
        best_value: The best validation value of the main metric so far; None before the first.
        best_epoch: The epoch of that value; 0 before the first.
        history: A row per epoch, without clock times.
        timings: A row per epoch, with clock times.
        seconds: Seconds of the run.
        step_seconds: Seconds of the training steps of the run.
        epoch_seconds: Seconds of the training steps of the current epoch.
    """

    epoch: int = 1
    batch: int = 0
    steps: int = 0
    tokens: int = 0
    totals: dict[str, float] = field(default_factory=dict)
    best_value: float | None = None
    best_epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    timings: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    step_seconds: float = 0.0
    epoch_seconds: float = 0.0

    @property
    def targets(self) -> int:
        """The targets of the current epoch that were predicted so far."""
        return int(self.totals.get("targets", 0))

    @property
    def metrics(self) -> Metrics:
        """The metrics of the best epoch, or of the last one if there is no validation split."""
        if not self.history:
            return {}
        row = self.history[-1]
        for candidate in self.history:
            if candidate["epoch"] == self.best_epoch:
                row = candidate
        return dict(row["metrics"])

    def add_epoch(self, metrics: Metrics, learning_rate: float, seconds: float) -> None:
        """Adds a row for the current epoch to ``history`` and ``timings``."""
        self.history.append(
            {
                "epoch": self.epoch,
                "steps": self.steps,
                "learning_rate": learning_rate,
                "metrics": metrics,
            }
        )
        self.timings.append(
            {
                "epoch": self.epoch,
                "seconds": seconds,
                "step_seconds": self.epoch_seconds,
                "tokens": self.targets,
            }
        )

    def start_next_epoch(self) -> None:
        """Sets the counters of the current epoch to those of the next one."""
        self.epoch += 1
        self.batch = 0
        self.totals = {}
        self.epoch_seconds = 0.0


@final
class LoopState(NamedTuple):
    """The tensors and the JSON values of a training loop.

    Args:
        weights: The model's weights after the last step.
        best_weights: The weights of the best epoch; empty if the last ones are the best.
        tensors: Tensors of the optimizer, the random generators and the carried state.
        progress: How far the run has come.
        values: JSON of the optimizer and the schedule.
    """

    weights: dict[str, Tensor]
    best_weights: dict[str, Tensor]
    tensors: dict[str, Tensor]
    progress: RunProgress
    values: dict[str, Any]


def random_state(device: str) -> dict[str, Tensor]:
    """Returns the state of torch's random generators."""
    states = {"random.cpu": torch.get_rng_state()}
    if device == "cuda":
        states["random.cuda"] = torch.cuda.get_rng_state()
    if device == "mps":
        states["random.mps"] = torch.mps.get_rng_state()
    return states


def restore_random_state(tensors: dict[str, Tensor]) -> None:
    """Sets torch's random generators to a state that ``random_state`` returned."""
    torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"])
    if "random.mps" in tensors:
        torch.mps.set_rng_state(tensors["random.mps"])


def add_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns the tensors under ``prefix.name``."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def select_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Returns the tensors named ``prefix.name``, under ``name``."""
    start = f"{prefix}."
    return {
        name.removeprefix(start): tensor
        for name, tensor in tensors.items()
        if name.startswith(start)
    }
