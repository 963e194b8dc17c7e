"""A checkpoint: a folder with all that is needed to use, judge, repeat or resume a run."""

from __future__ import annotations

import hashlib
import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, final

from torch import Tensor

from zoo_core.configs.settings import Setting, settings_of
from zoo_core.data.signature import Signature
from zoo_core.data.vocabulary import Unknown
from zoo_core.errors import IntegrityError, NotFoundError, TargetError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec
from zoo_core.run_folder.lock import STATE
from zoo_core.run_folder.manifest import CARD, MANIFEST, WEIGHTS, Manifest, Metrics, read_manifest
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.build import make_dataset, make_model, make_trainer
from zoo_core.runtime.checkpoints.card import card, persons_text
from zoo_core.runtime.checkpoints.license import NO_TERMS, Terms
from zoo_core.runtime.checkpoints.pickle_guard import about_pickles
from zoo_core.runtime.checkpoints.resume_states import CURRENT, current_state, has_state, read_state
from zoo_core.runtime.checkpoints.tensors import load_weights, read_tensors, to_bytes
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.plots.training_curve import training_curve
from zoo_core.runtime.training.loop_state import RunProgress
from zoo_core.runtime.training.trainer import AbstractTrainer
from zoo_core.storage.atomic import remove_temporary_files, target_errors, write_file
from zoo_core.storage.hashes import FileRecord

HISTORY, TIMINGS, CURVE = "history.jsonl", "timings.jsonl", "curve.png"

logger = logging.getLogger(__name__)


@final
@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read.

    Args:
        folder: Where it lies.
        catalog: What is installed.
        run_config: What decided its run.
        signature: What goes in and comes out.
        fingerprint: Of the data it learnt from.
        metrics: What it reached, by split and name.
        weights: The best ones.
        finished: False for a run that did not reach its end.
    """

    folder: Path
    catalog: Catalog
    run_config: RunConfig
    signature: Signature
    fingerprint: str
    metrics: Metrics
    weights: dict[str, Tensor]
    finished: bool

    @cached_property
    def model(self) -> AbstractModel:
        """The model with its weights, ready to use, on the fastest kernel there is here.

        Raises:
            IntegrityError: The weights do not fit the model.
            PluginError: The plugin that brings the model is missing.
        """
        model = make_model(self.catalog, replace(self.run_config, backend="auto"), self.signature)
        load_weights(model, self.weights, self.folder)
        return model.eval()

    def with_dataset(self, name: str = "", values: Mapping[str, Any] | None = None) -> Checkpoint:
        """Returns this checkpoint with a run config that names other data, to evaluate on.

        Args:
            name: The dataset; empty for the one that the run config names.
            values: Settings of the dataset. Those that are missing have the run config's values
                if it is the same dataset, otherwise their defaults.

        Raises:
            NotFoundError: There is no such dataset.
        """
        run_config = self.run_config
        entry = self.catalog.find(DatasetSpec, name or run_config.name("dataset"))
        same = entry.spec.name == run_config.dataset
        settings = run_config.configs["dataset"] if same else {}
        changed = replace(
            run_config,
            dataset=entry.spec.name,
            plugins=run_config.plugins | {"dataset": entry.plugin.distribution},
            configs=run_config.configs | {"dataset": settings | dict(values or {})},
        )
        return replace(self, run_config=changed)

    def with_unknown_symbols(self, policy: Unknown) -> Checkpoint:
        """Returns this checkpoint with a vocabulary that treats unknown symbols by a policy."""
        vocabulary = self.signature.vocabulary
        if vocabulary is None:
            return self
        signature = replace(self.signature, vocabulary=replace(vocabulary, policy=policy))
        return replace(self, signature=signature)

    def dataset_settings(self) -> list[Setting]:
        """Returns the settings of the dataset, with the values of the run config as defaults."""
        spec = self.catalog.find(DatasetSpec, self.run_config.name("dataset")).spec
        values = self.run_config.configs["dataset"]
        return [
            setting._replace(default=values.get(setting.key, setting.default))
            for setting in settings_of(resolve(spec.config)).values()
        ]

    @cached_property
    def dataset(self) -> AbstractDataset:
        """The dataset with this checkpoint's vocabulary."""
        return make_dataset(self.catalog, self.run_config, self.signature.vocabulary)

    @cached_property
    def trainer(self) -> AbstractTrainer:
        """The objective it was trained for."""
        return make_trainer(self.catalog, self.run_config, self.signature)


def read_checkpoint(catalog: Catalog, folder: Path) -> Checkpoint:
    """Reads a checkpoint; an unfinished run gives the best weights of its last saved state.

    Raises:
        IntegrityError: A file is not what the manifest says.
        NotFoundError: The folder holds no checkpoint.
    """
    try:
        return _read(catalog, folder)
    except PermissionError as error:  # of the folder itself: what is in it cannot even be asked
        raise IntegrityError(f"{folder} is not readable: {error.strerror}") from None


def _read(catalog: Catalog, folder: Path) -> Checkpoint:
    if not (folder / MANIFEST).exists() and has_state(folder):
        saved = read_state(folder)
        progress = RunProgress.from_json(saved.loop_state.values["position"])
        weights = saved.loop_state.best_weights or saved.loop_state.weights
        known = (saved.run_config, saved.signature, saved.fingerprint, progress.metrics)
        return Checkpoint(folder, catalog, *known, weights, finished=False)
    if not (folder / MANIFEST).exists() and (said := about_pickles(folder)):
        raise IntegrityError(said)
    manifest = read_manifest(folder)
    weights = read_tensors(folder / WEIGHTS, manifest.weights)
    known = (manifest.run_config, manifest.signature, manifest.fingerprint, manifest.metrics)
    return Checkpoint(folder, catalog, *known, weights, manifest.status == "finished")


def write_checkpoint(
    folder: Path,
    manifest: Manifest,
    weights: dict[str, Tensor],
    progress: RunProgress,
    terms: Terms = NO_TERMS,
) -> Manifest:
    """Writes the top-level files, each atomically, the manifest last.

    Args:
        folder: Where to.
        manifest: All of it but the record of the weights.
        weights: The best ones.
        progress: How far the run came, for history and timings.
        terms: Of its data, for the card.

    Returns:
        The manifest as written.

    Raises:
        TargetError: Weights, card or manifest cannot be written; the folder stays unfinished.
    """
    data = to_bytes(weights)
    manifest = manifest.with_weights(FileRecord(len(data), hashlib.sha256(data).hexdigest()))
    with target_errors(folder):
        remove_temporary_files(folder)
    write_file(folder / WEIGHTS, data)
    extras = {
        HISTORY: _lines(progress.history),
        TIMINGS: _lines(progress.timings),
        CURVE: training_curve(progress.history, manifest.run_config),
    }
    for name, content in extras.items():
        try:
            write_file(folder / name, content)
        except TargetError as error:
            logger.warning("%s; the checkpoint does without", error)
    write_file(folder / CARD, _card(folder / CARD, manifest, terms).encode())
    write_file(folder / MANIFEST, manifest.to_bytes())
    return manifest


def _card(path: Path, manifest: Manifest, terms: Terms) -> str:
    """The card, with what a person wrote into the one that is there."""
    try:
        old = path.read_text("utf-8")
    except FileNotFoundError:
        old = ""
    except (OSError, UnicodeDecodeError) as error:
        raise TargetError(f"cannot keep the text of {path}: {error}; move it away") from None
    return card(manifest, persons_text(old), terms=terms)


def check_no_checkpoint(folder: Path, remedy: str = "choose another, or remove it") -> None:
    """Says so if a folder already holds a checkpoint or is no folder.

    Args:
        folder: Where a run is to begin.
        remedy: What to do where there is a checkpoint.

    Raises:
        TargetError: It does, or is none.
    """
    if folder.exists() and not folder.is_dir():
        raise TargetError(f"{folder} is no folder")
    if (folder / MANIFEST).exists() or has_state(folder):
        raise TargetError(f"{folder} holds a checkpoint already; {remedy}")


def make_room(folder: Path) -> None:
    """Readies a folder for a run that replaces the one there, which loads until that has begun.

    Beside the manifest the old states count for nothing; without it they are all there is, and
    the new run's first state takes their place.

    Raises:
        TargetError: A file cannot be removed.
    """
    with target_errors(folder):
        if has_state(folder) and (
            (folder / MANIFEST).exists() or current_state(folder).name == "0"
        ):
            (folder / STATE / CURRENT).unlink()


def read_history(folder: Path) -> list[dict[str, Any]]:
    """The rows of ``history.jsonl``.

    Raises:
        NotFoundError: The checkpoint has none.
    """
    try:
        lines = (folder / HISTORY).read_text("utf-8").splitlines()
    except OSError:
        raise NotFoundError(f"no {HISTORY} in {folder}") from None
    return [json.loads(line) for line in lines]


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()
