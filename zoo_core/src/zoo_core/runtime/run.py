"""A run: trains what a run config describes, into a checkpoint folder."""

from __future__ import annotations

import logging
import math
import platform
import time
from collections.abc import Callable, Generator, Iterator, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import final

import torch
from torch import Tensor

from zoo_core.data.signature import Signature
from zoo_core.data.vocabulary import Unknown, Vocabulary
from zoo_core.errors import DivergedError, IntegrityError, MisfitError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.local_paths import with_absolute_paths
from zoo_core.run_folder.manifest import MANIFEST, Manifest, Metrics
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.run_folder.run_log import RunLog, SampleRow
from zoo_core.runtime.building.build import (
    local_paths,
    make_dataset,
    make_model,
    make_trainer,
    training_signature,
    useless_settings,
)
from zoo_core.runtime.building.kernel_choice import Backend, backend_of, fix_backend
from zoo_core.runtime.checkpoints.checkpoint import write_checkpoint
from zoo_core.runtime.checkpoints.extension import extend_vocabulary, extend_weights
from zoo_core.runtime.checkpoints.license import terms_of
from zoo_core.runtime.checkpoints.resume_states import SavedState, StateFiles
from zoo_core.runtime.checkpoints.state_writer import StateWriter
from zoo_core.runtime.checkpoints.tensors import all_finite
from zoo_core.runtime.datasets.memory import MemoryDataset
from zoo_core.runtime.datasets.memory_rows import MemoryRows
from zoo_core.runtime.distributed.processes import ONE_PROCESS, AbstractProcesses
from zoo_core.runtime.distributed.same_run import check_same
from zoo_core.runtime.hardware.core_waits import CoreWaits
from zoo_core.runtime.hardware.device import choose_device, precision_context
from zoo_core.runtime.hardware.parallel_results import check_parallel_results
from zoo_core.runtime.hardware.threads import choose_threads, iterate_with_threads, torch_threads
from zoo_core.runtime.kernels.portable.kernel import PortableKernel
from zoo_core.runtime.loggers.run_loggers import RunLoggers
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.weights import load_weights, weights_of
from zoo_core.runtime.training.evaluation import evaluation_mode
from zoo_core.runtime.training.events import EpochEnded, Event, Finished, Saved, Started
from zoo_core.runtime.training.loop import Loop
from zoo_core.runtime.training.optimization import memory_factor
from zoo_core.runtime.training.step import REMEDY
from zoo_core.storage.atomic import sync_folder, target_errors
from zoo_core.storage.capacity import memory_errors
from zoo_core.storage.hashes import FileRecord

LOG_INTERVAL = 1.0
"""Least seconds between two writes of the log, and two calls of the loggers within an epoch."""

logger = logging.getLogger(__name__)


@final
class Run:
    """One training in one checkpoint folder.

    Args:
        catalog: The installed plugins.
        run_config: Everything that decides the run.
        folder: The checkpoint folder.
        signature: The signature of the checkpoint that the run starts from, if any; the run keeps
            its vocabulary, names and scales.
        weights: The weights of that checkpoint; by default the model's initial weights.
        loggers: The names of what receives the events beside the caller.
        rows: Rows from Python, which the dataset ``memory`` holds.
        extends_vocabulary: Whether symbols of the data that the vocabulary lacks are added to it,
            with initial weights.
        processes: The processes that share the run. Call ``check_processes`` before it trains.

    Attributes:
        wants_stop: Returns the number of a signal after which this process is to stop, or 0.
        stop: The number of a signal after which all processes stop, or 0. They agree on it before
            every event of the loop.
        backend: The name of the kernel that runs the recurrence.
        passed_backends: Why the kernels before it are not used, in words; empty if it is the first.
        instructions: How it runs on this machine, such as the instructions that it uses.
    """

    def __init__(
        self,
        catalog: Catalog,
        run_config: RunConfig,
        folder: Path,
        *,
        signature: Signature | None = None,
        weights: dict[str, Tensor] | None = None,
        rows: MemoryRows | None = None,
        extends_vocabulary: bool = False,
        loggers: Sequence[str] = (),
        processes: AbstractProcesses = ONE_PROCESS,
    ) -> None:
        self.folder, self.processes, self._log = folder, processes, RunLog(folder)
        self.wants_stop: Callable[[], int] = lambda: 0
        self.stop = 0
        self._loggers = RunLoggers(catalog, folder, loggers if processes.is_first else ())
        self._states = StateWriter(folder)
        device = choose_device(run_config.device)
        processes.check_device(device)
        torch.manual_seed(run_config.seed)
        old = signature.vocabulary if signature else None
        vocabulary = _start_vocabulary(catalog, run_config, old, extends=extends_vocabulary)
        self.dataset = make_dataset(catalog, run_config, vocabulary, signature)
        if rows is not None and isinstance(self.dataset, MemoryDataset):
            self.dataset.hold(rows)
        data_signature = training_signature(catalog, run_config, self.dataset)
        trainer = make_trainer(catalog, run_config, data_signature)
        self.signature = trainer.model_signature(data_signature)
        # A model is built in the CPU's memory, but gradients and optimizer are on its device.
        factor = memory_factor(trainer.config) if device == "cpu" else 1
        model = make_model(catalog, run_config, self.signature, memory_factor=factor)
        if weights is not None:
            if extends_vocabulary and old is not None and vocabulary:
                weights = extend_weights(model, weights, len(old), len(vocabulary))
            _load_source(model, weights, run_config.source)
        model = model.to(device)
        self.terms = terms_of(catalog, run_config, self.dataset)
        self.paths = local_paths(catalog, run_config)
        self.loop = Loop(
            model,
            self.dataset,
            trainer,
            seed=run_config.seed,
            device=device,
            precision=run_config.precision,
            budget=run_config.budget,
            token_budget=run_config.token_budget,
            processes=processes,
            compiled=run_config.compile,
        )
        batch_size, seed = trainer.config.batch_size, run_config.seed
        first_batch = next(self.dataset.batches("train", batch_size, seed, epoch=1))
        backend = _choose_backend(self.loop, run_config, first_batch)
        self.backend, self.instructions = backend.name, backend.details
        self.passed_backends = backend.passed
        self.versions = _versions(catalog, run_config, self.backend)
        self._warnings = useless_settings(catalog, run_config, model, self.dataset)
        if backend_warning := backend.warning(run_config.backend):
            self._warnings.append(backend_warning)
        threads = choose_threads(run_config.threads, model, first_batch.inputs, self.signature)
        if device == "cpu":
            check_parallel_results(threads, run_config.precision)
        self.run_config = replace(
            run_config,
            device=device,
            threads=threads,
            backend=self.backend,
            processes=processes.size,
        )
        self._check_takes(first_batch.to(device))
        self._saved_at = self._logged_at = time.monotonic()

    def check_processes(self) -> None:
        """Checks that all processes hold the same run, and takes the threads of the first one.

        Raises:
            ProcessError: A process has other data, plugins, versions or settings.
        """
        if self.processes.size == 1:
            return
        check_same(self.processes, self.run_config, self.versions, self.dataset.fingerprint)
        threads = self.processes.decide(self.run_config.threads)
        self.run_config = replace(self.run_config, threads=threads)
        size, batch_size = self.processes.size, self.loop.config.batch_size
        noun = "thread" if threads == 1 else "threads"
        logger.info("%d processes of %d %s share every batch", size, threads, noun)
        if batch_size < size:
            self._warnings.append(
                f"trainer.batch_size = {batch_size} leaves {size - batch_size} of the {size} "
                "processes without rows"
            )

    def _check_takes(self, batch: Batch) -> None:
        """Runs the model on a batch without training it.

        Settings may exclude each other only for data of some length, as padding by reflection does.

        Raises:
            MisfitError: The model cannot take the data.
            DeviceError: There is not enough memory.
        """
        model, run_config = self.loop.model, self.run_config
        try:
            with (
                evaluation_mode(model),
                torch.no_grad(),
                torch.random.fork_rng([]),
                torch_threads(run_config.threads),
                precision_context(run_config.precision, run_config.device),
                memory_errors(self._memory_remedy()),
            ):
                model.check_takes(batch)
                model(batch)
        except (RuntimeError, ValueError) as error:
            reason = str(error).partition("\n")[0]
            raise MisfitError(
                f"{run_config.model} with these settings cannot take data of {run_config.dataset}: "
                f"{reason}; change a setting of the model"
            ) from error

    def events(self) -> Generator[Event, None, None]:
        """Trains to the end.

        A ``KeyboardInterrupt`` that is thrown into the generator at an event saves a state and a
        checkpoint, and is raised again. One that is raised within a step, such as by a signal
        handler, saves nothing; the last saved state remains, and resumes to the same result.

        Yields:
            ``Saved`` and ``Started``, the events of the loop with a ``Saved`` now and then,
            ``Evaluated`` for the splits that the loop has not evaluated, and ``Finished``.

        Raises:
            DivergedError: The loss is infinite or not a number; the last good state is kept.
            DeviceError: There is not enough memory.
            TargetError: The folder cannot be written to.
            MisfitError: torch.compile is asked for and cannot translate the model.
        """
        try:
            with memory_errors(self._memory_remedy()):
                yield from self._events()
        except RuntimeError as error:
            if not (self.run_config.compile and _is_of_compiler(error)):
                raise
            reason = str(error).partition("\n")[0]
            raise MisfitError(
                f"torch.compile cannot translate {self.run_config.model}: {reason:.300}; leave "
                "--compile out"
            ) from error
        finally:
            try:
                self._states.close()
            finally:
                self._loggers.close()

    def _events(self) -> Generator[Event, None, None]:
        first = self.save()
        if self.processes.is_first:
            self._remove_manifest()
            # A new run in the folder of an old one removes all of that one's rows.
            step, epoch = self.loop.progress.steps, self.loop.progress.epoch
            self._log.truncate(step, epoch)
            self._loggers.start(self.run_config, step=step, epoch=epoch)
        yield first
        started = self._started()
        self._loggers.log([started])
        yield started
        waits = CoreWaits(self.run_config.threads)
        try:
            for event in iterate_with_threads(self.run_config.threads, self.loop.events()):
                if message := waits.check():
                    logger.warning("%s", message)
                self._log_event(event)
                is_due, self.stop = self.processes.largest(self._is_due(), self.wants_stop())
                yield from self._interruptible(event)
                if saved := self._saved(self._states.written()):
                    yield from self._interruptible(saved)
                if is_due:
                    self._check_weights()
                    if saved := self._begin_save():
                        yield from self._interruptible(saved)
            self._check_weights()
        except DivergedError:
            # Where each step is checked, a step that diverged has left the weights unchanged.
            checked = self.loop.train_step.checks_each_step
            if checked and all_finite(self.loop.model.state_dict()):
                self.save()
            raise
        self.save()
        yield from self._final_evaluations()
        yield self._finish(self.loop.stop_reason)

    def _is_due(self) -> bool:
        """Whether it is time to save, by the clock of the first process."""
        elapsed = time.monotonic() - self._saved_at
        is_late = elapsed >= self.loop.config.save_every
        return self.processes.is_first and is_late and not self._states.is_busy

    def _log_event(self, event: Event) -> None:
        """Logs an epoch at once; the steps at most every ``LOG_INTERVAL`` seconds.

        The log is written as often, so that it can be watched between two saved states.
        """
        is_due = time.monotonic() - self._logged_at >= LOG_INTERVAL
        if isinstance(event, EpochEnded):
            self._log_steps()
            if event.text:
                row = SampleRow(event.epoch, self.loop.progress.steps, event.text)
                self._log.add_sample(row)
            self._loggers.log([event])
        elif is_due:
            self._log_steps()
        if is_due:
            self._logged_at = time.monotonic()
            if self.processes.is_first:
                self._log.write()

    def _log_steps(self) -> None:
        rows = self.loop.take_step_rows()
        if not self.processes.is_first:
            return
        self._log.add_steps(rows)
        self._loggers.log(rows)

    def _final_evaluations(self) -> Iterator[Event]:
        """Evaluates the best weights; after Ctrl+C the checkpoint does without the rest."""
        self._use_best_weights()
        try:
            evaluations = self.loop.final_evaluations()
            for event in iterate_with_threads(self.run_config.threads, evaluations):
                (self.stop,) = self.processes.largest(self.wants_stop())
                yield event
        except KeyboardInterrupt:
            self._finish("interrupted")
            raise

    def _use_best_weights(self) -> None:
        if self.loop.best_weights:
            load_weights(self.loop.model, self.loop.best_weights, self.folder)

    def _interruptible(self, event: Event) -> Generator[Event, None, None]:
        """Yields an event and saves if Ctrl+C comes there: the loop is between two steps."""
        try:
            yield event
        except KeyboardInterrupt:
            self._check_weights()
            self.save()
            self._finish("interrupted")
            raise

    def _remove_manifest(self) -> None:
        """Makes the folder an unfinished run, which is loaded from its states."""
        with target_errors(self.folder):
            (self.folder / MANIFEST).unlink(missing_ok=True)
            sync_folder(self.folder)

    def save(self) -> Saved:
        """Saves a state to resume from; all processes call it, and the first one writes."""
        state = self._capture()
        if not self.processes.is_first:
            return Saved(self.folder, state.loop_state.progress.steps)
        self._saved(self._states.wait())
        step = self._states.write(StateFiles.of(state))
        self._saved_at = time.monotonic()
        return self._log_saved(step)

    def _begin_save(self) -> Saved | None:
        """Begins to save a state as ``save`` does, and returns None while it is being written."""
        state = self._capture()
        if not self.processes.is_first:
            return Saved(self.folder, state.loop_state.progress.steps)
        step = self._states.begin(StateFiles.of(state))
        self._saved_at = time.monotonic()
        return self._saved(step)

    def _saved(self, step: int | None) -> Saved | None:
        """Returns the event of a state that is on disk, if there is one, and logs it."""
        return None if step is None else self._log_saved(step)

    def _log_saved(self, step: int) -> Saved:
        saved = Saved(self.folder, step)
        self._loggers.log([saved])
        return saved

    def _capture(self) -> SavedState:
        """Returns the state to resume from; the first process writes the log before it."""
        state = SavedState(
            run_config=with_absolute_paths(self.run_config, self.paths),
            signature=self.signature,
            fingerprint=self.dataset.fingerprint,
            versions=self.versions,
            loop_state=self.loop.capture(),
            instructions=self.instructions,
        )
        # before the state, which a resume continues the logs from
        self._log_steps()
        if self.processes.is_first:
            self._log.write()
            self._logged_at = time.monotonic()
            self._loggers.flush()
        return state

    def _check_weights(self) -> None:
        if not all_finite(self.loop.model.state_dict()):
            steps = self.loop.progress.steps
            raise DivergedError(f"step {steps}: weights that are not finite; {REMEDY}")

    def _memory_remedy(self) -> str:
        """Returns what to try where memory runs out."""
        batch_size = self.loop.config.batch_size
        remedy = "try a smaller model"
        if batch_size > 1:
            remedy = f"try --trainer.batch-size {batch_size // 2}"
        if self.run_config.device != "cpu":
            remedy += " or --device cpu"
        return remedy

    def _started(self) -> Started:
        for line in self._warnings:
            logger.warning("%s", line)
        epoch, epochs = self.loop.progress.epoch, self.loop.config.epochs
        return Started(
            epoch=epoch,
            epochs=epochs,
            batches=self.loop.batch_count(min(epoch, epochs)),
            parameters=sum(parameter.numel() for parameter in self.loop.model.parameters()),
            device=self.run_config.device,
            backend=self.backend,
        )

    def _finish(self, reason: str) -> Finished:
        """Writes the checkpoint with the best weights."""
        loop, progress = self.loop, self.loop.progress
        self._use_best_weights()
        manifest = Manifest(
            run_config=self.run_config,
            signature=self.signature,
            fingerprint=self.dataset.fingerprint,
            versions=self.versions,
            status="interrupted" if reason == "interrupted" else "finished",
            epochs=len(progress.history),
            steps=progress.steps,
            tokens=progress.tokens,
            metrics=_finite(progress.metrics | loop.final_metrics),
            weights=FileRecord(0, ""),  # known when they are written
            objective=loop.trainer.objective,
        )
        if self.processes.is_first:
            manifest = write_checkpoint(
                self.folder,
                manifest,
                weights_of(loop.model),
                progress,
                self.terms,
                self.paths,
            )
        seconds = progress.step_seconds
        finished = Finished(
            folder=self.folder,
            reason=reason,
            manifest=manifest,
            tokens_per_second=progress.tokens / seconds if seconds else 0.0,
            seconds=loop.seconds,
            epochs=loop.trained_epochs,
        )
        self._loggers.log([finished])
        return finished


def _is_of_compiler(error: Exception) -> bool:
    return type(error).__module__.startswith(("torch._dynamo", "torch._inductor"))


def _finite(metrics: Metrics) -> Metrics:
    """Returns the metrics that are numbers; others are left out with a warning.

    Raises:
        DivergedError: A loss of the training data is infinite or not a number.
    """
    finite: Metrics = {}
    for split, values in metrics.items():
        finite[split] = {name: value for name, value in values.items() if math.isfinite(value)}
        for name in values.keys() - finite[split].keys():
            message = f"{split} {name} is {values[name]:g}"
            if (split, name) == ("train", "loss"):
                raise DivergedError(f"{message}; {REMEDY}")
            logger.warning("%s and left out", message)
    return finite


def _start_vocabulary(
    catalog: Catalog, run_config: RunConfig, old: Vocabulary | None, *, extends: bool
) -> Vocabulary | None:
    """Returns the vocabulary that a run takes over from a checkpoint; None for that of its data.

    Args:
        catalog: The installed plugins.
        run_config: The run config.
        old: The vocabulary of the checkpoint, if it has one.
        extends: Whether symbols of the data that it lacks are added to it.

    Raises:
        MisfitError: The vocabulary cannot be extended.
    """
    vocabulary = old
    if extends:
        data = make_dataset(catalog, run_config, None).signature.vocabulary
        vocabulary = extend_vocabulary(vocabulary, data, run_config.source)
    if not vocabulary:
        return vocabulary
    return replace(vocabulary, policy=Unknown.parse(run_config.unknown))


def _choose_backend(loop: Loop, run_config: RunConfig, first_batch: Batch) -> Backend:
    """Returns the backend that the run's data and precision allow, and lets the model use no other.

    Raises:
        MisfitError: It does not go with torch.compile.
    """
    with precision_context(run_config.precision, loop.device):
        backend = backend_of(
            loop.model,
            loop.config.batch_size,
            first_batch,
            in_numpy=loop.train_step.is_in_numpy(first_batch),
        )
    fix_backend(loop.model, backend)
    loop.trainer.use_kernel(loop.model)
    if run_config.compile and backend.name == "native":
        # Both together have corrupted the heap.
        raise MisfitError(
            "--compile translates what torch computes, not the backend native, which is "
            "faster; leave --compile out, or choose --backend reference"
        )
    return backend


def _load_source(model: AbstractModel, weights: dict[str, Tensor], source: str) -> None:
    """Loads the weights that a run starts from.

    Raises:
        MisfitError: The model has other sizes than the one that the weights are from.
    """
    try:
        load_weights(model, weights, source)
    except IntegrityError as error:
        raise MisfitError(
            f"{error}; leave the settings of the model as they are there, or train without --from"
        ) from None


def _versions(catalog: Catalog, run_config: RunConfig, backend: str) -> dict[str, str]:
    """Returns the versions that decide whether a result repeats bit for bit."""
    versions = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "zoo-core": version("zoo-core"),
    }
    if backend == PortableKernel.name:  # which computes in NumPy too
        versions["numpy"] = version("numpy")
    used = set(run_config.plugins.values())
    plugins = {plugin.distribution: plugin.version for plugin in catalog.plugins}
    return versions | {name: plugins[name] for name in sorted(used) if name in plugins}
