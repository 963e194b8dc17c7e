"""A checkpoint: a folder with all that is needed to use, judge, repeat or resume a run."""

from __future__ import annotations

import hashlib
import json
import shutil
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any, final

from torch import Tensor

from zoo_core.catalog import Catalog
from zoo_core.digests import FileRecord
from zoo_core.errors import IntegrityError, NotFoundError, TargetError
from zoo_core.files import refusing, remove_remains, write_file
from zoo_core.manifest import CARD, MANIFEST, WEIGHTS, Manifest, Metrics, read_manifest
from zoo_core.plan import Plan
from zoo_core.runtime.build import make_dataset, make_model, make_trainer
from zoo_core.runtime.card import card, persons_text
from zoo_core.runtime.curve import curve
from zoo_core.runtime.dataset import AbstractDataset
from zoo_core.runtime.frontmatter import NO_TERMS, Terms
from zoo_core.runtime.model import AbstractModel
from zoo_core.runtime.snapshot import Position
from zoo_core.runtime.states import STATE, has_state, read_state
from zoo_core.runtime.tensors import load_weights, read_tensors, to_bytes
from zoo_core.runtime.trainer import AbstractTrainer
from zoo_core.signature import Signature

HISTORY, TIMINGS, CURVE = "history.jsonl", "timings.jsonl", "curve.png"


@final
@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint that was read.

    Args:
        folder: Where it lies.
        catalog: What is installed.
        plan: What decided its run.
        signature: What goes in and comes out.
        fingerprint: Of the data it learnt from.
        metrics: What it reached, by split and name.
        weights: The best ones.
        finished: False for a run that did not reach its end.
    """

    folder: Path
    catalog: Catalog
    plan: Plan
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
        model = make_model(self.catalog, replace(self.plan, backend="auto"), self.signature)
        load_weights(model, self.weights, self.folder)
        return model.eval()

    @cached_property
    def dataset(self) -> AbstractDataset:
        """The dataset with this checkpoint's vocabulary."""
        return make_dataset(self.catalog, self.plan, self.signature.vocabulary)

    @cached_property
    def trainer(self) -> AbstractTrainer:
        """The objective it was trained for."""
        return make_trainer(self.catalog, self.plan, self.signature)


def read_checkpoint(catalog: Catalog, folder: Path) -> Checkpoint:
    """Reads a checkpoint; an unfinished run gives the best weights of its last saved state.

    Raises:
        IntegrityError: A file is not what the manifest says.
        NotFoundError: The folder holds no checkpoint.
    """
    if not (folder / MANIFEST).exists() and has_state(folder):
        saved = read_state(folder)
        position = Position.from_json(saved.snapshot.values["position"])
        weights = saved.snapshot.best or saved.snapshot.weights
        known = (saved.plan, saved.signature, saved.fingerprint, position.metrics)
        return Checkpoint(folder, catalog, *known, weights, finished=False)
    manifest = read_manifest(folder)
    weights = _read_weights(folder / WEIGHTS, manifest.weights)
    known = (manifest.plan, manifest.signature, manifest.fingerprint, manifest.metrics)
    return Checkpoint(folder, catalog, *known, weights, manifest.status == "finished")


def write_checkpoint(
    folder: Path,
    manifest: Manifest,
    weights: dict[str, Tensor],
    position: Position,
    terms: Terms = NO_TERMS,
) -> Manifest:
    """Writes the top-level files, each atomically, the manifest last.

    Args:
        folder: Where to.
        manifest: All of it but the record of the weights.
        weights: The best ones.
        position: Where the run ended, for history and timings.
        terms: Of its data, for the card.

    Returns:
        The manifest as written.
    """
    data = to_bytes(weights)
    manifest = manifest.with_weights(FileRecord(len(data), hashlib.sha256(data).hexdigest()))
    files = {
        WEIGHTS: data,
        HISTORY: _lines(position.history),
        TIMINGS: _lines(position.timings),
        CURVE: curve(position.history, manifest.plan),
        CARD: _card(folder / CARD, manifest, terms).encode(),
        MANIFEST: manifest.to_bytes(),
    }
    with refusing(folder):
        remove_remains(folder)
    for name, content in files.items():
        write_file(folder / name, content)
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


def refuse_checkpoint(folder: Path) -> None:
    """Says so if a folder already holds a checkpoint or is no folder.

    Raises:
        TargetError: It does, or is none.
    """
    if folder.exists() and not folder.is_dir():
        raise TargetError(f"{folder} is no folder")
    if (folder / MANIFEST).exists() or has_state(folder):
        raise TargetError(f"{folder} holds a checkpoint already; choose another, or --overwrite")


def clear_checkpoint(folder: Path) -> None:
    """Removes a checkpoint's files from a folder, the manifest first, and nothing else.

    Raises:
        TargetError: A file cannot be removed.
    """
    with refusing(folder):
        for name in (MANIFEST, WEIGHTS, HISTORY, TIMINGS, CURVE, CARD):
            (folder / name).unlink(missing_ok=True)
        if (folder / STATE).is_dir():
            shutil.rmtree(folder / STATE)


def _read_weights(path: Path, record: FileRecord) -> dict[str, Tensor]:
    try:
        with path.open("rb") as file:
            size = path.stat().st_size
            found = hashlib.file_digest(file, "sha256").hexdigest()
    except FileNotFoundError:
        raise IntegrityError(f"{path} is missing") from None
    except OSError as error:
        raise IntegrityError(f"{path} is not readable: {error.strerror}") from None
    if size != record.size:
        raise IntegrityError(f"{path} has {size} bytes, the manifest says {record.size}")
    if found != record.sha256:
        raise IntegrityError(f"{path} has sha256 {found}, the manifest says {record.sha256}")
    return read_tensors(path)


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
