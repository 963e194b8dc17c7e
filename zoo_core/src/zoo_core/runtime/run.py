"""A run: a run config, carried out or resumed, into a checkpoint folder."""

from __future__ import annotations

import platform
import time
from collections.abc import Generator
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import final

import torch
from torch import Tensor

from zoo_core.data.vocabulary import Vocabulary
from zoo_core.errors import DivergedError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.manifest import MANIFEST, Manifest
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.build import make_dataset, make_model, make_trainer
from zoo_core.runtime.building.kernel_choice import backend_of
from zoo_core.runtime.checkpoints.checkpoint import write_checkpoint
from zoo_core.runtime.checkpoints.frontmatter import terms_of
from zoo_core.runtime.checkpoints.resume_states import SavedState, write_state
from zoo_core.runtime.checkpoints.tensors import all_finite, load_weights
from zoo_core.runtime.hardware.device import choose_device, precision_context
from zoo_core.runtime.hardware.threads import choose_threads, computing_with, each_computed_with
from zoo_core.runtime.training.events import Event, Finished, Saved, Started
from zoo_core.runtime.training.loop import Loop
from zoo_core.runtime.training.optimization import copies
from zoo_core.runtime.training.step import REMEDY
from zoo_core.storage.atomic import sync_folder, target_errors
from zoo_core.storage.capacity import memory_errors
from zoo_core.storage.hashes import FileRecord


@final
class Run:
    """One act of training in one folder.

    Args:
        catalog: What is installed.
        run_config: What to do.
        folder: Where the checkpoint goes.
        vocabulary: A vocabulary to keep to, if the weights come from another checkpoint.
        weights: What to start from, if not from the model's own beginning.
    """

    def __init__(
        self,
        catalog: Catalog,
        run_config: RunConfig,
        folder: Path,
        *,
        vocabulary: Vocabulary | None = None,
        weights: dict[str, Tensor] | None = None,
    ) -> None:
        self.folder = folder
        device = choose_device(run_config.device)
        torch.manual_seed(run_config.seed)
        self.dataset = make_dataset(catalog, run_config, vocabulary)
        self.signature = self.dataset.signature
        trainer = make_trainer(catalog, run_config, self.signature)
        held = copies(trainer.config) if device == "cpu" else 1
        model = make_model(catalog, run_config, self.signature, copies=held)
        if weights is not None:
            load_weights(model, weights, run_config.source)
        model = model.to(device)
        with precision_context(run_config.precision, device):
            backend = backend_of(model)
        self.backend, self.remark = backend.name, backend.remark(run_config.backend)
        self.versions = _versions(catalog, run_config)
        self.terms = terms_of(catalog, run_config)
        self.loop = Loop(
            model,
            self.dataset,
            trainer,
            seed=run_config.seed,
            device=device,
            precision=run_config.precision,
            budget=run_config.budget,
        )
        first = next(
            self.dataset.batches("train", trainer.config.batch_size, run_config.seed, epoch=1)
        )
        threads = choose_threads(run_config.threads, model, first.inputs, self.signature)
        self.run_config = replace(run_config, device=device, threads=threads, backend=self.backend)
        self._saved_at = time.monotonic()

    def events(self) -> Generator[Event, None, None]:
        """Trains to the end; ``KeyboardInterrupt`` thrown in at an event saves, and goes on up.

        One raised within a step, such as a signal's own, goes on up and saves nothing: what was
        saved before stands, and gives the same when it is gone on from.

        Raises:
            DivergedError: The loss is no longer a number; the last good state is kept.
            DeviceError: There is not enough memory.
            TargetError: The folder cannot be written to.
        """
        with memory_errors(self._smaller()):
            yield from self._events()

    def _events(self) -> Generator[Event, None, None]:
        saved = self.save()
        self._drop_manifest()
        yield saved
        yield self._started()
        try:
            for event in each_computed_with(self.run_config.threads, self.loop.events()):
                yield from self._saving(event)
                if time.monotonic() - self._saved_at >= self.loop.config.save_every:
                    self._check_finite()
                    yield from self._saving(self.save())
            self._check_finite()
        except DivergedError:
            if self.loop.stepper.looks and all_finite(self.loop.model.state_dict()):
                self.save()
            raise
        self.save()
        yield self._finish(self.loop.reason)

    def _saving(self, event: Event) -> Generator[Event, None, None]:
        """An event; only at one is the loop between two steps, so that it can be saved."""
        try:
            yield event
        except KeyboardInterrupt:
            self._check_finite()
            self.save()
            self._finish("interrupted")
            raise

    def _drop_manifest(self) -> None:
        """From here on the folder is an unfinished run: its states count, not its manifest."""
        with target_errors(self.folder):
            (self.folder / MANIFEST).unlink(missing_ok=True)
            sync_folder(self.folder)

    def save(self) -> Saved:
        """Saves a state to resume from."""
        snapshot = self.loop.snapshot()
        saved = SavedState(
            self.run_config, self.signature, self.dataset.fingerprint, self.versions, snapshot
        )
        step = write_state(self.folder, saved)
        self._saved_at = time.monotonic()
        return Saved(self.folder, step)

    def _check_finite(self) -> None:
        if not all_finite(self.loop.model.state_dict()):
            steps = self.loop.position.steps
            raise DivergedError(f"step {steps}: weights that are not finite; {REMEDY}")

    def _smaller(self) -> str:
        size = self.loop.config.batch_size
        smaller = f"--trainer.batch-size {size // 2}" if size > 1 else "a smaller model"
        return f"try {smaller}" + ("" if self.run_config.device == "cpu" else " or --device cpu")

    def _started(self) -> Started:
        at = self.loop.position
        return Started(
            epoch=at.epoch,
            epochs=self.loop.config.epochs,
            batches=self.loop.batches(min(at.epoch, self.loop.config.epochs)),
            parameters=sum(each.numel() for each in self.loop.model.parameters()),
            device=self.run_config.device,
            backend=self.backend,
            remarks=(self.remark,) if self.remark else (),
        )

    def _finish(self, reason: str) -> Finished:
        loop, at = self.loop, self.loop.position
        if loop.best:
            loop.model.load_state_dict(loop.best)
        metrics = at.metrics
        if reason != "interrupted":
            unjudged = [split for split in loop.dataset.splits if split not in metrics]
            with computing_with(self.run_config.threads):
                for split in unjudged if loop.judged else ("train", *unjudged):
                    metrics[split] = loop.evaluate(split)
        manifest = Manifest(
            run_config=self.run_config,
            signature=self.signature,
            fingerprint=self.dataset.fingerprint,
            versions=self.versions,
            status="interrupted" if reason == "interrupted" else "finished",
            epochs=len(at.history),
            steps=at.steps,
            tokens=at.tokens,
            metrics=metrics,
            weights=FileRecord(0, ""),
        )
        remarks: list[str] = []
        manifest = write_checkpoint(
            self.folder, manifest, loop.model.state_dict(), at, self.terms, remarks.append
        )
        speed = at.tokens / at.step_seconds if at.step_seconds else 0.0
        return Finished(self.folder, reason, manifest, speed, loop.seconds, tuple(remarks))


def _versions(catalog: Catalog, run_config: RunConfig) -> dict[str, str]:
    """The versions that decide whether a result repeats bit for bit."""
    used = {plugin.distribution: plugin.version for plugin in catalog.plugins}
    return {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "zoo-core": version("zoo-core"),
    } | {name: used[name] for name in sorted(set(run_config.plugins.values())) if name in used}
