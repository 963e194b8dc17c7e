"""Evaluating a model on a split of a dataset."""

from __future__ import annotations

import contextlib
import math
import time
from collections.abc import Callable, Generator, Iterator
from typing import NamedTuple, TypeVar, final

import torch
from torch import Tensor

from zoo_core.errors import DataError
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.distributed.processes import ONE_PROCESS, AbstractProcesses
from zoo_core.runtime.generation.int8 import at_precision
from zoo_core.runtime.hardware.device import precision_context
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import State
from zoo_core.runtime.training.events import Evaluated
from zoo_core.runtime.training.report import Table
from zoo_core.runtime.training.trainer import AbstractTrainer, add_sums

T = TypeVar("T")
MAX_LOGITS = 1 << 24
"""Logits above which a batch is evaluated in pieces; 64 MB in single precision."""


@final
class Evaluation(NamedTuple):
    """The result of an evaluation.

    Args:
        metrics: The metrics by name.
        sample: The numbers of the batches that were evaluated, from 0.
        batches: The batches of the split.
        tables: The trainer's tables; empty if they were not asked for.
    """

    metrics: dict[str, float]
    sample: list[int]
    batches: int
    tables: list[Table]

    @property
    def coverage(self) -> float:
        """The share of the split's batches that were evaluated; 1 for all of them."""
        return len(self.sample) / self.batches


def evaluate(
    model: AbstractModel,
    dataset: AbstractDataset,
    trainer: AbstractTrainer,
    split: str,
    *,
    device: str = "cpu",
    precision: str = "fp32",
    listen: Callable[[Evaluated], None] | None = None,
) -> dict[str, float]:
    """Returns the trainer's metrics over a whole split, in the data's own order, without dropout.

    The model keeps the mode (training or not) that it had.

    Args:
        model: The model, on its device.
        dataset: The data.
        trainer: The objective, which defines the metrics.
        split: The split to evaluate on.
        device: The device of the model.
        precision: ``fp32``, ``bf16``, or ``int8`` for weights that are rounded to 8-bit integers.
        listen: A function that receives an event after each batch.

    Raises:
        DataError: The split is too small for one batch.
        MisfitError: The model has no weights in 8 bits.
    """
    steps = evaluation_steps(model, dataset, trainer, split, device=device, precision=precision)
    return run_to_end(steps, listen).metrics


def run_to_end(
    steps: Generator[Evaluated, None, T], listen: Callable[[Evaluated], None] | None = None
) -> T:
    """Runs the steps of an evaluation and returns its result.

    Args:
        steps: The steps, such as those of ``evaluation_steps``.
        listen: A function that receives every event.
    """
    while True:
        try:
            event = next(steps)
        except StopIteration as end:
            result: T = end.value
            return result
        if listen:
            listen(event)


def evaluation_steps(
    model: AbstractModel,
    dataset: AbstractDataset,
    trainer: AbstractTrainer,
    split: str,
    *,
    device: str = "cpu",
    precision: str = "fp32",
    seconds: float = 0.0,
    sample: list[int] | None = None,
    with_tables: bool = False,
    processes: AbstractProcesses = ONE_PROCESS,
) -> Generator[Evaluated, None, Evaluation]:
    """Evaluates like ``evaluate``, batch by batch.

    A time limit that is too short for the whole split leaves a sample of it: the first batches
    where each continues the one before, and batches at even distances elsewhere; one at least.

    Args:
        model: The model, on its device.
        dataset: The data.
        trainer: The objective, which defines the metrics.
        split: The split to evaluate on.
        device: The device of the model.
        precision: ``fp32``, ``bf16``, or ``int8`` for weights that are rounded to 8-bit integers.
        seconds: The time limit; 0 for none.
        sample: The numbers of the batches to evaluate, whatever time they take, in order; None for
            all that the limit allows.
        with_tables: Whether the trainer's tables are made too, of the rows of this process.
        processes: The processes that share every batch.

    Yields:
        ``Evaluated`` after each batch.

    Raises:
        DataError: The split is too small for one batch.
        MisfitError: The model has no weights in 8 bits.
    """
    check_not_empty(dataset, trainer, split)
    model, precision = at_precision(model, precision)
    size = trainer.config.batch_size
    batches = dataset.batch_count(split, size, seed=0, epoch=0)
    limited = seconds > 0 and sample is None
    evaluated: list[int] = []
    totals: dict[str, float] = {}
    table_totals: dict[str, Tensor] | None = {} if with_tables else None
    state, distance, started = None, 1, time.monotonic()
    for index, cpu_batch in enumerate(dataset.batches(split, size, seed=0, epoch=0)):
        elapsed = time.monotonic() - started
        if limited and evaluated and processes.decide(elapsed >= seconds):
            break
        if sample is not None and len(evaluated) == len(sample):
            break
        due = index % distance == 0 if sample is None else index == sample[len(evaluated)]
        if not due:
            continue
        first, end, counts = processes.share(len(cpu_batch.inputs))
        batch = cpu_batch if processes.size == 1 else cpu_batch.rows(first, end)
        batch = batch.to(device)
        before = dict(totals)
        with precision_context(precision, device):
            state = _add_batch(model, dataset, trainer, batch, state, totals, table_totals)
        if not counts:
            totals = {name: before.get(name, 0.0) for name in totals}
        evaluated.append(index)
        if limited and index == 1 and not batch.carry:
            # The first batch takes longer than the others; the second one tells their time.
            expected = (time.monotonic() - started - elapsed) * batches
            distance = processes.decide(max(1, math.ceil(expected / seconds)))
        yield Evaluated(split, index + 1, batches)
    if processes.size > 1:
        sums = torch.tensor(list(totals.values()), dtype=torch.float64)
        totals = dict(zip(totals, processes.add(sums).tolist(), strict=True))
    tables = [] if table_totals is None else trainer.report(table_totals)
    metrics = trainer.metrics(totals) | _further_metrics(model, dataset, split)
    return Evaluation(metrics, evaluated, batches, tables)


@contextlib.contextmanager
def evaluation_mode(model: AbstractModel) -> Iterator[None]:
    """Inside, a model is in evaluation mode; afterwards in the mode that it had."""
    was_training = model.training
    if was_training:
        model.eval()
    try:
        yield
    finally:
        if was_training:
            model.train()


@torch.no_grad()
def _further_metrics(
    model: AbstractModel, dataset: AbstractDataset, split: str
) -> dict[str, float]:
    """Returns the metrics of a split that the dataset measures; the model keeps its mode."""
    with evaluation_mode(model):
        return dataset.further_metrics(model, split)


@torch.no_grad()
def _add_batch(
    model: AbstractModel,
    dataset: AbstractDataset,
    trainer: AbstractTrainer,
    batch: Batch,
    state: State | None,
    totals: dict[str, float],
    table_totals: dict[str, Tensor] | None,
) -> State | None:
    """Adds a batch to the sums over those before it; returns the state after it."""
    carries = batch.carry and trainer.carries_state and model.carries_state
    state = state if carries else None
    model.check_takes(batch)
    with evaluation_mode(model):
        for piece in _pieces(batch, model):
            output = model(piece, state if piece.carry else None)
            loss, sums = trainer.loss_and_sums(output, piece)
            state = output.state
            sums = sums | trainer.answer_sums(model, dataset, piece)
            add_sums(totals, loss.item(), {name: sum_.item() for name, sum_ in sums.items()})
            if table_totals is not None:
                for name, table_sum in trainer.report_sums(output, piece).items():
                    before = table_totals.get(name)
                    added = table_sum.cpu()
                    table_totals[name] = added if before is None else before + added
    return state


def _pieces(batch: Batch, model: AbstractModel) -> Iterator[Batch]:
    """Yields the pieces of a batch to evaluate one after the other; usually the batch itself.

    A large batch is cut along its steps if the model carries its state from piece to piece, and
    otherwise into groups of rows.
    """
    assert batch.targets is not None, "evaluation needs targets"
    rows, outputs = len(batch.inputs), model.signature.outputs
    steps = batch.inputs.shape[1] if outputs.per == "step" else 1
    parts = math.ceil(rows * steps * outputs.width / MAX_LOGITS)
    if parts <= 1:
        yield batch
    elif (
        model.carries_state
        and outputs.per == "step"
        and batch.lengths is None
        and not batch.context
    ):
        size = math.ceil(steps / parts)
        for start in range(0, steps, size):
            yield _steps(batch, start, start + size)._replace(carry=True)
    elif model.carries_state:
        yield batch  # groups of rows would need, and leave, a part of the state
    else:
        size = math.ceil(rows / parts)
        for start in range(0, rows, size):
            yield batch.rows(start, start + size)._replace(carry=False)


def _steps(batch: Batch, first: int, end: int) -> Batch:
    """Returns the steps of all rows from ``first`` up to, but without, ``end``."""
    return batch.map(lambda tensor: tensor[:, first:end])


def check_not_empty(dataset: AbstractDataset, trainer: AbstractTrainer, split: str) -> None:
    """Checks that a split has at least one batch.

    Raises:
        DataError: It is too small for one.
    """
    if dataset.batch_count(split, trainer.config.batch_size, seed=0, epoch=0) < 1:
        raise DataError(
            f"split {split} is too small for one batch; hold out more of the data, or none"
        )
