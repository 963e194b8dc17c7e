"""The events of a run. Whoever trains a model reads them; the run does not know its readers."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple, TypeAlias, final

from zoo_core.run_folder.manifest import Manifest, Metrics


@final
class Started(NamedTuple):
    """Model and data are built; training begins.

    Args:
        epoch: The first epoch to train; above 1 after a resume.
        epochs: The number of epochs of the run.
        batches: The number of batches of the first epoch to train.
        parameters: The number of trained parameters.
        device: The device of the model.
        backend: The kernel that runs the recurrence.
    """

    epoch: int
    epochs: int
    batches: int
    parameters: int
    device: str
    backend: str


@final
class Stepped(NamedTuple):
    """The optimizer took a step.

    Args:
        epoch: The current epoch, from 1.
        batch: The finished batches of this epoch.
        batches: The number of batches of this epoch.
        loss: The loss of the last batch whose metrics were read.
        tokens: The targets predicted in the run so far.
        seconds: Seconds of the training steps of the run so far.
    """

    epoch: int
    batch: int
    batches: int
    loss: float
    tokens: int
    seconds: float


@final
class Evaluated(NamedTuple):
    """A batch of a split was evaluated.

    Args:
        split: The split.
        batch: The number of the batch, from 1.
        batches: The number of batches of the split.
    """

    split: str
    batch: int
    batches: int


@final
class EpochEnded(NamedTuple):
    """An epoch was trained and, if there is a validation split, evaluated.

    Args:
        epoch: The epoch, from 1.
        epochs: The number of epochs of the run.
        metrics: The metrics by split and name; ``coverage`` is among them if only a part of the
            split was evaluated.
        best: Whether its main validation metric is the best so far; True without validation.
        tokens_per_second: The speed of this epoch's training steps.
        seconds: Seconds of this epoch's training steps.
        sample: A line to print, such as generated text; usually empty.
        share: The share of the epoch's batches that were trained on; below 1 if a budget ended it.
        text: Generated text for ``samples.jsonl``: the sample, or what a language model writes
            without a prompt after an epoch of ``MIN_TARGETS`` targets; empty if there is none.
    """

    epoch: int
    epochs: int
    metrics: Metrics
    best: bool
    tokens_per_second: float
    seconds: float
    sample: str
    share: float = 1.0
    text: str = ""


@final
class Saved(NamedTuple):
    """A state to resume from is on disk.

    Args:
        folder: The checkpoint folder.
        step: The optimizer step of the state.
    """

    folder: Path
    step: int


@final
class Finished(NamedTuple):
    """The checkpoint is complete.

    Args:
        folder: The checkpoint folder.
        reason: Why training stopped: ``epochs``, ``patience``, ``budget`` or ``interrupted``.
        manifest: The manifest of the checkpoint.
        tokens_per_second: The speed of the training steps alone.
        seconds: Seconds of the whole run.
        epochs: The epochs trained, with the share of one that the budget ended.
    """

    folder: Path
    reason: str
    manifest: Manifest
    tokens_per_second: float
    seconds: float
    epochs: float


Event: TypeAlias = Started | Stepped | Evaluated | EpochEnded | Saved | Finished
