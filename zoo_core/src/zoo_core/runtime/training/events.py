"""What a run says while it goes on. It knows nothing of who listens."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, TypeAlias, final

from zoo_core.run_folder.manifest import Manifest, Metrics


@final
class Started(NamedTuple):
    """Everything is built; training begins.

    Args:
        epoch: The epoch that comes first; above 1 when resuming.
        epochs: How many there will be.
        batches: Batches of that epoch.
        parameters: Numbers that are trained.
        device: Where it runs.
        backend: The kernel that runs the recurrence.
        remarks: What a person should know, such as a kernel that had to stand in.
    """

    epoch: int
    epochs: int
    batches: int
    parameters: int
    device: str
    backend: str
    remarks: tuple[str, ...]


@final
class Stepped(NamedTuple):
    """One optimizer step was taken.

    Args:
        epoch: From 1.
        batch: Batches of this epoch so far.
        batches: Batches of this epoch.
        loss: Of this batch.
        tokens: Targets predicted so far.
        seconds: Of training steps so far.
    """

    epoch: int
    batch: int
    batches: int
    loss: float
    tokens: int
    seconds: float


@final
class EpochEnded(NamedTuple):
    """An epoch was trained and judged.

    Args:
        epoch: From 1.
        epochs: How many there will be.
        metrics: By split and name.
        best: Whether it is the best so far.
        tokens_per_second: Of this epoch's training steps.
        seconds: Of this epoch's training steps.
        sample: What the trainer has a person read of the model; mostly nothing.
    """

    epoch: int
    epochs: int
    metrics: Metrics
    best: bool
    tokens_per_second: float
    seconds: float
    sample: str


@final
class Saved(NamedTuple):
    """A state to resume from is safely on disk."""

    folder: Path
    step: int


@final
class Finished(NamedTuple):
    """The checkpoint is complete.

    Args:
        folder: Where it is.
        reason: ``epochs``, ``patience``, ``budget`` or ``interrupted``.
        manifest: What it holds.
        tokens_per_second: Of the training steps alone.
        seconds: Of the whole run.
        remarks: What a person should know.
    """

    folder: Path
    reason: str
    manifest: Manifest
    tokens_per_second: float
    seconds: float
    remarks: tuple[str, ...] = ()


Event: TypeAlias = Started | Stepped | EpochEnded | Saved | Finished
