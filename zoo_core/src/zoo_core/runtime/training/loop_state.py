"""A snapshot: all that a training loop must get back to go on bit for bit."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, NamedTuple, final

import torch
from torch import Tensor

from zoo_core.run_folder.manifest import Metrics
from zoo_core.runtime.training.trainer import MetricSums


@final
@dataclass
class Position:
    """Where a run stands, as JSON can hold it.

    Args:
        epoch: The epoch under way, from 1; beyond the last when all are done.
        batch: Batches of it that are done.
        steps: Optimizer steps in all.
        tokens: Targets predicted in all.
        totals: Sums over this epoch's batches.
        best_loss: The best validation loss so far; None before the first.
        best_epoch: The epoch it was reached in; 0 before the first.
        history: A row per epoch, without clock times.
        timings: A row per epoch, with clock times.
        seconds: Of the run so far.
        step_seconds: Of the training steps so far.
        epoch_seconds: Of this epoch's training steps so far.
    """

    epoch: int = 1
    batch: int = 0
    steps: int = 0
    tokens: int = 0
    totals: MetricSums = field(default_factory=MetricSums)
    best_loss: float | None = None
    best_epoch: int = 0
    history: list[dict[str, Any]] = field(default_factory=list)
    timings: list[dict[str, Any]] = field(default_factory=list)
    seconds: float = 0.0
    step_seconds: float = 0.0
    epoch_seconds: float = 0.0

    @property
    def metrics(self) -> Metrics:
        """The metrics of the best epoch, or of the last where none is judged; empty before any."""
        rows = [row for row in self.history if row["epoch"] == self.best_epoch] or self.history[-1:]
        return {} if not rows else dict(rows[0]["metrics"])

    def note_epoch(self, metrics: Metrics, learning_rate: float, seconds: float) -> None:
        """Adds a row for the epoch that ends to history and timings."""
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
                "tokens": self.totals.targets,
            }
        )

    def to_json(self) -> dict[str, Any]:
        """The position as JSON holds it."""
        return asdict(self)

    @classmethod
    def from_json(cls, values: dict[str, Any]) -> Position:
        """The position that ``to_json`` wrote."""
        return cls(**values | {"totals": MetricSums(**values["totals"])})


@final
class Snapshot(NamedTuple):
    """Tensors and JSON.

    Args:
        weights: Of the model, as of the last step.
        best: The weights of the best epoch; empty where the last are the best.
        tensors: Of the optimizer, the random generators and the carried state.
        values: Of the optimizer, the schedule and the position.
    """

    weights: dict[str, Tensor]
    best: dict[str, Tensor]
    tensors: dict[str, Tensor]
    values: dict[str, Any]


def random_state(device: str) -> dict[str, Tensor]:
    """The state of torch's generators."""
    states = {"random.cpu": torch.get_rng_state()}
    if device == "cuda":
        states["random.cuda"] = torch.cuda.get_rng_state()
    return states


def restore_random_state(tensors: dict[str, Tensor]) -> None:
    """Sets torch's generators to what ``random_state`` saw."""
    torch.set_rng_state(tensors["random.cpu"])
    if "random.cuda" in tensors:
        torch.cuda.set_rng_state(tensors["random.cuda"])


def prefixed(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors under names that begin with a prefix and a dot."""
    return {f"{prefix}.{name}": tensor for name, tensor in tensors.items()}


def without_prefix(prefix: str, tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors whose names begin with a prefix and a dot, without it."""
    start = f"{prefix}."
    return {n.removeprefix(start): t for n, t in tensors.items() if n.startswith(start)}
