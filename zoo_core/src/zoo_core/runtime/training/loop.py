"""The training loop: epochs, the best weights, early stopping and the time budget.

The loop is a generator of events. It updates all of its own state before it yields an event.
Between two events that state can therefore be captured, and a loop that is restored from it
continues bit for bit.
"""

from __future__ import annotations

import copy
import logging
import math
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import final

from torch import Tensor

from zoo_core.errors import DivergedError, IntegrityError
from zoo_core.run_folder.manifest import Metrics
from zoo_core.run_folder.run_config import TRAINING_SHARE
from zoo_core.run_folder.run_log import StepRow
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.distributed.processes import ONE_PROCESS, AbstractProcesses
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.row_cut import cut_rows
from zoo_core.runtime.nn.state import State, detach, restore_state, state_tensors
from zoo_core.runtime.nn.weights import load_weights, weights_of
from zoo_core.runtime.training.epoch_text import MIN_TARGETS, epoch_text
from zoo_core.runtime.training.evaluation import (
    Evaluation,
    check_not_empty,
    evaluation_steps,
    run_to_end,
)
from zoo_core.runtime.training.events import EpochEnded, Evaluated, Stepped
from zoo_core.runtime.training.loop_state import (
    LoopState,
    RunProgress,
    add_prefix,
    select_prefix,
)
from zoo_core.runtime.training.step import REMEDY, TrainStep, check_finite
from zoo_core.runtime.training.step_metrics import MetricBuffer
from zoo_core.runtime.training.trainer import AbstractTrainer, add_sums

EVALUATION_SHARE = 0.1
"""The share of a budget that one evaluation may take."""
FLUSH_INTERVAL = 0.1
"""Seconds between two reads of the metrics that wait on an accelerator."""

logger = logging.getLogger(__name__)


@final
class Loop:
    """Trains one model on one dataset.

    Args:
        model: The model, on its device.
        dataset: The data to learn from.
        trainer: The objective and the settings of the loop.
        seed: The seed of the order of the data.
        device: The device of the model.
        precision: ``fp32`` or ``bf16``.
        budget: Seconds of the whole run, 0 for no limit. Training stops after ``TRAINING_SHARE`` of
            it, and an evaluation takes ``EVALUATION_SHARE`` of it at most.
        token_budget: The targets to predict, after which training stops; 0 for no limit.
        processes: The processes that share the run.
        compiled: Whether torch.compile translates the model for its training steps.

    Raises:
        DataError: A split is too small for one batch.
        MisfitError: The optimizer does not take the model's gradients.
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
        token_budget: int = 0,
        processes: AbstractProcesses = ONE_PROCESS,
        compiled: bool = False,
    ) -> None:
        self.model, self.dataset, self.trainer = model, dataset, trainer
        self.seed, self.device, self.precision, self.budget = seed, device, precision, budget
        self.token_budget, self.processes = token_budget, processes
        self.config = trainer.config
        for split in dataset.splits:  # fail before hours of training, not after
            check_not_empty(dataset, trainer, split)
        self.train_step = TrainStep(
            model,
            trainer,
            steps=self._scheduled_steps(),
            device=device,
            precision=precision,
            processes=processes,
            seed=seed,
            compiled=compiled,
        )
        self.trainer.sample(model, dataset, epoch=0)  # its errors, too, come before training
        self.progress = RunProgress()
        self.best_weights: dict[str, Tensor] = {}
        self.carried_state: State | None = None
        self._carried_rows = 0
        self.last_loss = math.nan
        self.trained_epochs = 0.0
        self.stop_reason = "epochs"
        self.has_validation = "validation" in dataset.splits
        self.final_metrics: Metrics = {}
        self._samples: dict[str, list[int]] = {}
        self._metric_buffer = MetricBuffer()
        self._step_rows: list[StepRow] = []
        self._started_at = self._flushed_at = time.monotonic()

    def _scheduled_steps(self) -> int:
        """The steps of all epochs if a schedule needs them, else of the first epoch alone."""
        epochs = self.config.epochs if self.config.schedule else 1
        return self.dataset.total_batch_count("train", self.config.batch_size, self.seed, epochs)

    @property
    def seconds(self) -> float:
        """Seconds of the run so far, including those before a resume."""
        return self.progress.seconds + time.monotonic() - self._started_at

    def batch_count(self, epoch: int) -> int:
        """The number of training batches of an epoch."""
        return self.dataset.batch_count("train", self.config.batch_size, self.seed, epoch)

    def events(self) -> Iterator[Stepped | Evaluated | EpochEnded]:
        """Trains until the epochs, the patience or the budget are used up.

        Yields:
            ``Stepped`` after each optimizer step, ``Evaluated`` after each batch of the validation
            split, ``EpochEnded`` after each epoch.

        Raises:
            DivergedError: The loss or the gradient is infinite or not a number.
        """
        while self.progress.epoch <= self.config.epochs and not self._should_stop():
            yield from self._train_epoch()
            if self.progress.batch:
                yield from self._end_epoch()

    def final_evaluations(self) -> Iterator[Evaluated]:
        """Evaluates the splits that have no metrics yet, into ``final_metrics``.

        Without validation the metrics of ``train`` are averages over an epoch in which the weights
        changed, so they are measured again with the last weights. A split that cannot be evaluated
        is left out with a warning: the training is done.

        Yields:
            ``Evaluated`` after each batch.
        """
        known = self.progress.metrics
        splits = [split for split in self.dataset.splits if split not in known]
        if not self.has_validation:
            splits.insert(0, "train")
        for split in splits:
            try:
                self.final_metrics[split] = yield from self._evaluate(split)
            except Exception as error:  # whatever it is, the weights are worth more
                if self.processes.size > 1:
                    raise  # the others wait for this process
                reason = str(error).partition("\n")[0] or type(error).__name__
                logger.warning("%s was not evaluated: %s; try: zoo evaluate", split, reason)

    def evaluate(self, split: str) -> dict[str, float]:
        """Returns the metrics of the model with its present weights on a split."""
        return run_to_end(self._evaluate(split))

    def _evaluate(self, split: str) -> Generator[Evaluated, None, dict[str, float]]:
        """Evaluates a split batch by batch.

        Within a budget it may be a sample of the split, the same one every time, so that epochs can
        be compared. Its share of the split is then the metric ``coverage``.
        """
        evaluation: Evaluation = yield from evaluation_steps(
            self.model,
            self.dataset,
            self.trainer,
            split,
            device=self.device,
            precision=self.precision,
            seconds=EVALUATION_SHARE * self.budget,
            sample=self._samples.get(split),
            processes=self.processes,
        )
        if evaluation.coverage == 1:
            return evaluation.metrics
        if split not in self._samples:
            self._samples[split] = evaluation.sample
            logger.info(
                "%s: %.3g %% of the split are evaluated, as the budget of %g s allows",
                split,
                100 * evaluation.coverage,
                self.budget,
            )
        return evaluation.metrics | {"coverage": evaluation.coverage}

    def _train_epoch(self) -> Iterator[Stepped]:
        progress = self.progress
        count = self.batch_count(progress.epoch)
        batches = self.dataset.batches(
            "train", self.config.batch_size, self.seed, progress.epoch, start=progress.batch
        )
        while progress.batch < count and not self._over_budget():
            started = time.perf_counter()
            self._train_batch(next(batches).to(self.device))
            elapsed = time.perf_counter() - started
            progress.step_seconds += elapsed
            progress.epoch_seconds += elapsed
            yield Stepped(
                epoch=progress.epoch,
                batch=progress.batch,
                batches=count,
                loss=self.last_loss,
                tokens=progress.tokens,
                seconds=progress.step_seconds,
            )

    def _train_batch(self, batch: Batch) -> None:
        progress = self.progress
        carries = batch.carry and self.trainer.carries_state and self.model.carries_state
        learning_rate = self.train_step.learning_rate
        try:
            state = self.carried_state if carries else None
            result = self.train_step(batch, state, progress.steps)
        except DivergedError as error:
            raise DivergedError(
                f"epoch {progress.epoch}, step {progress.steps + 1}: {error}"
            ) from None
        self.carried_state = detach(result.output.state)
        self._carried_rows = len(batch.inputs)
        self._metric_buffer.add(result, learning_rate)
        progress.batch += 1
        progress.steps += 1
        waited = time.monotonic() - self._flushed_at
        # With a token budget the tokens of a step decide whether there is another one.
        must_know = self.train_step.checks_each_step or self.token_budget > 0
        if must_know or waited >= FLUSH_INTERVAL:
            self._flush_metrics()

    def _flush_metrics(self) -> None:
        """Adds the metrics of the steps since the last flush to the sums of the epoch.

        Raises:
            DivergedError: One of those steps had a loss or a gradient that is not finite.
        """
        progress = self.progress
        flushed = self._metric_buffer.flush()
        first_step = progress.steps - len(flushed) + 1
        for step, metrics in enumerate(flushed, start=first_step):
            try:
                check_finite(metrics.loss, metrics.gradient_norm)
            except DivergedError as error:
                raise DivergedError(f"epoch {progress.epoch}, step {step}: {error}") from None
            add_sums(progress.totals, metrics.loss, metrics.sums)
            progress.tokens += int(metrics.sums["targets"])
            self.last_loss = metrics.loss
            self._step_rows.append(
                StepRow(
                    step,
                    progress.epoch,
                    progress.tokens,
                    metrics.loss,
                    metrics.gradient_norm,
                    metrics.learning_rate,
                )
            )
        self._flushed_at = time.monotonic()

    def take_step_rows(self) -> list[StepRow]:
        """Returns the rows of the steps whose metrics were read since the last call."""
        rows, self._step_rows = self._step_rows, []
        return rows

    def _end_epoch(self) -> Iterator[Evaluated | EpochEnded]:
        # Nothing changes until the evaluation is over: a state of that time repeats it.
        self._flush_metrics()
        progress = self.progress
        metrics = {"train": self.trainer.metrics(progress.totals)}
        is_best = True
        if self.has_validation:
            metrics["validation"] = yield from self._evaluate("validation")
            is_best = self._update_best(metrics["validation"])
        progress.add_epoch(metrics, self.train_step.learning_rate, self.seconds)
        seconds, sample = progress.epoch_seconds, self._sample()
        event = EpochEnded(
            epoch=progress.epoch,
            epochs=self.config.epochs,
            metrics=metrics,
            best=is_best,
            tokens_per_second=progress.targets / seconds if seconds else 0.0,
            seconds=seconds,
            sample=sample,
            share=progress.batch / self.batch_count(progress.epoch),
            text=sample or self._text(),
        )
        self.trained_epochs = progress.epoch - 1 + event.share
        progress.start_next_epoch()
        self.carried_state = None
        yield event

    def _sample(self) -> str:
        epoch = self.progress.epoch
        try:
            return self.trainer.sample(self.model, self.dataset, epoch)
        except IntegrityError as error:
            raise DivergedError(f"epoch {epoch}: {error}; {REMEDY}") from None

    def _text(self) -> str:
        """Returns text of a language model after a long epoch; a failure costs the text alone."""
        if self.progress.targets < MIN_TARGETS:
            return ""
        signature = self.dataset.signature
        if not (signature.predicts_next_symbol and self.model.causal and signature.vocabulary):
            return ""
        try:
            return epoch_text(self.model, self.dataset, precision=self.precision, seed=self.seed)
        except Exception as error:  # whatever it is, the weights are worth more
            epoch, reason = self.progress.epoch, str(error).partition("\n")[0]
            logger.warning("epoch %d: no text generated: %s", epoch, reason)
            return ""

    def _update_best(self, metrics: dict[str, float]) -> bool:
        """Keeps the weights if the main metric is the best so far, or always if so configured.

        Returns whether it keeps them.

        Args:
            metrics: The metrics of the validation split.
        """
        progress, objective = self.progress, self.trainer.objective
        value = metrics[objective.metric]
        for name, number in {"loss": metrics["loss"], objective.metric: value}.items():
            if not math.isfinite(number):
                message = f"epoch {progress.epoch}: validation {name} {number:g}"
                raise DivergedError(f"{message}; {REMEDY}")
        keeps_best = self.config.keep == "best"
        if keeps_best and not objective.is_better(value, progress.best_value):
            return False
        progress.best_value, progress.best_epoch = value, progress.epoch
        self.best_weights = {
            name: tensor.detach().cpu().clone() for name, tensor in weights_of(self.model).items()
        }
        return True

    def _should_stop(self) -> bool:
        """Whether to stop before the next epoch; sets ``stop_reason`` if so."""
        if self._over_budget():
            return True
        epochs_without_gain = self.progress.epoch - 1 - self.progress.best_epoch
        patience = self.config.patience
        if patience and self.has_validation and epochs_without_gain >= patience:
            self.stop_reason = "patience"
            return True
        return False

    def _over_budget(self) -> bool:
        """Whether the time for training, from the first step on, or the tokens are used up."""
        limit = TRAINING_SHARE * self.budget
        over = False
        if limit > 0:
            over = bool(self.processes.decide(limit <= self.seconds and self.progress.steps > 0))
        over = over or 0 < self.token_budget <= self.progress.tokens
        if over:
            self.stop_reason = "budget"
        return over

    def capture(self) -> LoopState:
        """Returns the state that ``restore`` continues from, of all processes together.

        Raises:
            DivergedError: A step since the last flush had a loss or a gradient that is not finite.
        """
        self._flush_metrics()
        processes = self.processes
        optimizer_tensors, optimizer_values = self.train_step.capture()
        carried = {}
        if self.carried_state:
            # whatever number of processes continues the run, each then takes its own rows
            counts = [end - first for first, end in cut_rows(self._carried_rows, processes.size)]
            carried = {
                name: processes.join_rows(tensor, counts)
                for name, tensor in state_tensors(self.carried_state).items()
            }
        return LoopState(
            weights=weights_of(self.model),
            best_weights=self.best_weights,
            tensors=add_prefix("optimizer", optimizer_tensors)
            | add_prefix("state", carried)
            | self.train_step.random_state(),
            progress=replace(copy.deepcopy(self.progress), seconds=self.seconds),
            values=optimizer_values,
        )

    def restore(self, state: LoopState) -> None:
        """Continues from a captured state instead of from the beginning."""
        load_weights(self.model, state.weights, "the saved state")
        # Tensors from disk are memory-mapped, and their file is removed by the next save. Matrix
        # products also give other bits where a tensor does not begin at a multiple of 64 bytes.
        self.best_weights = {name: tensor.clone() for name, tensor in state.best_weights.items()}
        tensors = {name: tensor.clone() for name, tensor in state.tensors.items()}
        self.train_step.restore(select_prefix("optimizer", tensors), state.values)
        self.progress = copy.deepcopy(state.progress)
        self.trained_epochs = float(len(self.progress.history))
        self.carried_state = self._to_state(select_prefix("state", tensors))
        self.train_step.restore_random_state(tensors)
        self._started_at = time.monotonic()

    def _to_state(self, tensors: dict[str, Tensor]) -> State | None:
        """Returns the rows of this process of a state that ``state_tensors`` took apart."""
        if not tensors:
            return None
        self._carried_rows = next(iter(tensors.values())).shape[0]
        first, end, _ = self.processes.share(self._carried_rows)
        like = self.model.initial_state(end - first)
        assert like is not None, "a state was carried, so the model has one"
        return restore_state(
            like, {name: tensor[first:end].to(self.device) for name, tensor in tensors.items()}
        )
