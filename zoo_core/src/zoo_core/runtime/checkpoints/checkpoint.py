"""A checkpoint: a folder with all that is needed to use, evaluate, repeat or resume a run."""

from __future__ import annotations

import contextlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, final

from torch import Tensor

from zoo_core.configs.settings import Setting, settings_of
from zoo_core.data.signature import Signature
from zoo_core.data.vocabulary import Unknown
from zoo_core.errors import (
    ConfigError,
    IntegrityError,
    NotFoundError,
    PluginError,
    TargetError,
)
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import DatasetSpec
from zoo_core.plugins.tokenizers import with_tokenizer
from zoo_core.run_folder import machine_record
from zoo_core.run_folder.local_paths import (
    NO_PATHS,
    LocalPaths,
    with_local_paths,
    without_local_paths,
    write_local_paths,
)
from zoo_core.run_folder.machine_record import MACHINE
from zoo_core.run_folder.manifest import CARD, MANIFEST, WEIGHTS, Manifest, Metrics, read_manifest
from zoo_core.run_folder.ownership import CURRENT, CURVE, HISTORY, STATE, TIMINGS
from zoo_core.run_folder.run_config import RunConfig
from zoo_core.runtime.building.build import make_dataset, make_model, make_trainer
from zoo_core.runtime.checkpoints.card import card, loss_label, user_text
from zoo_core.runtime.checkpoints.license import NO_TERMS, Terms
from zoo_core.runtime.checkpoints.pickle_guard import explain_pickle
from zoo_core.runtime.checkpoints.resume_states import current_state, has_state, read_state
from zoo_core.runtime.checkpoints.summary import Summary
from zoo_core.runtime.checkpoints.tensors import read_tensors, write_tensors
from zoo_core.runtime.datasets.dataset import AbstractDataset
from zoo_core.runtime.hardware.machine import hardware_facts
from zoo_core.runtime.hardware.torch_state import kept_random_state
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.weights import load_weights, weights_of
from zoo_core.runtime.plots.training_curve import training_curve
from zoo_core.runtime.training.loop_state import RunProgress
from zoo_core.runtime.training.trainer import AbstractTrainer
from zoo_core.storage.atomic import remove_temporary_files, target_errors, write_file

logger = logging.getLogger(__name__)


@final
@dataclass(frozen=True, repr=False, eq=False)
class Checkpoint:
    """A checkpoint that was read from its folder.

    Args:
        folder: The folder.
        catalog: The installed plugins.
        run_config: Everything that decided the run.
        signature: The inputs and outputs of the model.
        fingerprint: The fingerprint of the data it was trained on.
        metrics: The metrics by split and name.
        weights: The best weights.
        finished: Whether the run reached its end.
    """

    folder: Path
    catalog: Catalog
    run_config: RunConfig
    signature: Signature
    fingerprint: str
    metrics: Metrics
    weights: dict[str, Tensor]
    finished: bool

    def __repr__(self) -> str:
        return self._summary().line()

    def _repr_html_(self) -> str:
        """Returns the table that a notebook shows."""
        return self._summary().table()

    def _summary(self) -> Summary:
        parameters = sum(tensor.numel() for tensor in self.weights.values())
        return Summary(
            self.folder, self.run_config, self.signature, parameters, self.finished, self.metrics
        )

    @cached_property
    def model(self) -> AbstractModel:
        """The model with its weights, in evaluation mode, on the fastest kernel of this machine.

        It is a module of torch like any other. Where its weights are changed, as by training it
        further, what is predicted, generated and evaluated with this checkpoint changes with them;
        the files in the folder do not.

        Raises:
            IntegrityError: The weights do not fit the model.
            PluginError: The model's plugin is missing.
        """
        return self._model_on("auto")

    @cached_property
    def evaluated_model(self) -> AbstractModel:
        """The model as ``model``, on the kernel of its run, so that it repeats the run's metrics.

        Where that kernel cannot be had, it runs on the fastest one of this machine.

        Raises:
            IntegrityError: The weights do not fit the model.
            PluginError: The model's plugin is missing.
        """
        try:
            return self._model_on(self.run_config.backend)
        except (NotFoundError, PluginError):
            return self._model_on("auto")

    def _model_on(self, backend: str) -> AbstractModel:
        run_config = replace(self.run_config, backend=backend)
        # the initial weights are drawn, and overwritten
        with config_errors(self.folder), kept_random_state():
            model = make_model(self.catalog, run_config, self.signature)
        load_weights(model, self.weights, self.folder)
        return model.eval()

    @property
    def _present_weights(self) -> dict[str, Tensor]:
        """The weights of ``model`` once it is made, which the caller may have trained further."""
        model = vars(self).get("model")
        return self.weights if model is None else weights_of(model)

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
        return replace(self, run_config=changed, weights=self._present_weights)

    def with_unknown_symbols(self, policy: Unknown) -> Checkpoint:
        """Returns this checkpoint with a vocabulary that treats unknown symbols by a policy."""
        signature = self.signature.with_unknown_symbols(policy)
        return replace(self, signature=signature, weights=self._present_weights)

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
        """The dataset, with this checkpoint's vocabulary, names and scales."""
        signature = self.signature
        return make_dataset(self.catalog, self.run_config, signature.vocabulary, signature)

    @cached_property
    def trainer(self) -> AbstractTrainer:
        """The trainer, which is the objective of the run."""
        with config_errors(self.folder):
            trainer = make_trainer(self.catalog, self.run_config, self.signature)
        trainer.use_kernel(self.model)
        return trainer


@contextlib.contextmanager
def config_errors(folder: Path) -> Iterator[None]:
    """Names the checkpoint in an error about one of its settings.

    Raises:
        ConfigError: A ConfigError was raised inside.
    """
    try:
        yield
    except ConfigError as error:
        raise ConfigError(f"{folder}: {error}") from None


def read_checkpoint(catalog: Catalog, folder: Path) -> Checkpoint:
    """Reads the checkpoint of a folder; of an unfinished run, its current state.

    Raises:
        IntegrityError: A file is damaged, or is not what the manifest says.
        NotFoundError: The folder holds no checkpoint.
    """
    try:
        checkpoint = _read(catalog, folder)
    except PermissionError as error:  # of the folder itself, where even exists() raises
        raise IntegrityError(f"{folder} is not readable: {error.strerror}") from None
    signature = checkpoint.signature
    vocabulary = with_tokenizer(signature.vocabulary, catalog)
    checkpoint = replace(checkpoint, signature=replace(signature, vocabulary=vocabulary))
    return checkpoint.with_unknown_symbols(Unknown.parse(checkpoint.run_config.unknown))


def _read(catalog: Catalog, folder: Path) -> Checkpoint:
    if not (folder / MANIFEST).exists() and has_state(folder):
        saved = read_state(folder)
        weights = saved.loop_state.best_weights or saved.loop_state.weights
        known = (
            saved.run_config,
            saved.signature,
            saved.fingerprint,
            saved.loop_state.progress.metrics,
        )
        return Checkpoint(folder, catalog, *known, weights, finished=False)
    if not (folder / MANIFEST).exists() and (message := explain_pickle(folder)):
        raise IntegrityError(message)
    manifest = read_manifest(folder)
    weights = read_tensors(folder / WEIGHTS, manifest.weights)
    run_config = with_local_paths(manifest.run_config, folder)
    known = (run_config, manifest.signature, manifest.fingerprint, manifest.metrics)
    return Checkpoint(folder, catalog, *known, weights, manifest.status == "finished")


def write_checkpoint(
    folder: Path,
    manifest: Manifest,
    weights: dict[str, Tensor],
    progress: RunProgress,
    terms: Terms = NO_TERMS,
    paths: LocalPaths = NO_PATHS,
) -> Manifest:
    """Writes the files of a checkpoint, each atomically, the manifest last.

    History, timings, curve and the record of the machine are left out with a warning if they
    cannot be made or written.

    Args:
        folder: The checkpoint folder.
        manifest: The manifest; the record of the weights is filled in, and base names replace
            local paths.
        weights: The best weights.
        progress: How far the run came, for history and timings.
        terms: What the card says of the data.
        paths: The local paths of the run config, which stay on this machine.

    Returns:
        The manifest as written.

    Raises:
        TargetError: Weights, card or manifest cannot be written; the folder stays unfinished.
    """
    with target_errors(folder):
        remove_temporary_files(folder)
    manifest = replace(manifest, run_config=without_local_paths(manifest.run_config, paths))
    manifest = manifest.with_weights(write_tensors(folder / WEIGHTS, weights))
    extras: dict[str, Callable[[], bytes]] = {
        HISTORY: lambda: _lines(progress.history),
        TIMINGS: lambda: _lines(progress.timings),
        CURVE: lambda: training_curve(
            progress.history,
            manifest.run_config,
            manifest.objective,
            loss_label(manifest.signature),
        ),
        MACHINE: lambda: machine_record.to_bytes(hardware_facts(manifest.run_config.device)),
    }
    for name, content in extras.items():
        try:
            write_file(folder / name, content())
        except TargetError as error:
            logger.warning("%s; the checkpoint is complete without it", error)
        except Exception as error:  # whatever a drawing meets, the weights are worth more
            logger.warning("cannot make %s: %s; the checkpoint is complete without it", name, error)
    write_local_paths(folder, paths)
    write_file(folder / CARD, _card(folder / CARD, manifest, terms).encode())
    write_file(folder / MANIFEST, manifest.to_bytes())
    return manifest


def _card(path: Path, manifest: Manifest, terms: Terms) -> str:
    """Returns the text of the card, with what the user wrote into the present one."""
    try:
        old = path.read_text("utf-8")
    except FileNotFoundError:
        old = ""
    except (OSError, UnicodeDecodeError) as error:
        raise TargetError(f"cannot keep the text of {path}: {error}; move it away") from None
    return card(manifest, user_text(old), terms=terms)


def check_no_checkpoint(folder: Path, remedy: str = "choose another, or remove it") -> None:
    """Checks that a new run may begin in a folder.

    Args:
        folder: The checkpoint folder; it need not exist.
        remedy: What the error suggests if there is a checkpoint.

    Raises:
        TargetError: It holds a checkpoint or a run, or is not a folder.
    """
    if folder.exists() and not folder.is_dir():
        raise TargetError(f"{folder} is not a folder")
    if (folder / MANIFEST).exists() or has_state(folder):
        raise TargetError(f"{folder} holds a checkpoint already; {remedy}")


def prepare_overwrite(folder: Path) -> None:
    """Prepares a folder for a run that replaces its checkpoint, which loads until that begins.

    With a manifest, the old states are not needed to load it. Without one they are all there is,
    and stay until the first state of the new run replaces them. That one is of step 0; an old
    state of step 0 would be taken for it, so it goes at once.

    Raises:
        TargetError: A file cannot be removed.
    """
    with target_errors(folder):
        if has_state(folder) and (
            (folder / MANIFEST).exists() or current_state(folder).name == "0"
        ):
            (folder / STATE / CURRENT).unlink()


def read_history(folder: Path) -> list[dict[str, Any]]:
    """Returns the rows of ``history.jsonl``.

    Raises:
        IntegrityError: A line is damaged.
        NotFoundError: The checkpoint has none.
    """
    path = folder / HISTORY
    rows = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        raise NotFoundError(f"no {HISTORY} in {folder}") from None
    for number, line in enumerate(lines, start=1):
        try:
            rows.append(dict(json.loads(line)))
        except (TypeError, ValueError, RecursionError):
            raise IntegrityError(
                f"{path}, line {number}: not a JSON object; copy or download the file again"
            ) from None
    return rows


def _lines(rows: list[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(row) + "\n" for row in rows).encode()
