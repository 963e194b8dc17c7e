"""Verification of a checkpoint: its files, its weights, and the metrics that it states."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, final

from zoo_core.data.splits import held_out_splits
from zoo_core.downloads.download import no_downloads
from zoo_core.errors import PluginError, ZooError
from zoo_core.plugins.catalog import Catalog
from zoo_core.run_folder.manifest import Metrics, read_manifest
from zoo_core.runtime.building.build import make_dataset
from zoo_core.runtime.checkpoints.checkpoint import Checkpoint, read_checkpoint
from zoo_core.runtime.checkpoints.tensors import all_finite
from zoo_core.runtime.training.evaluation import evaluate

TOLERANCE = 1e-3
"""The relative tolerance of a metric: processors and thread counts change the last bits."""


@final
class VerifiedItem(NamedTuple):
    """One part of a checkpoint that was verified.

    Args:
        what: The part.
        verdict: ``ok``, ``failed`` or ``skipped``.
        message: The result or the reason, in words.
    """

    what: str
    verdict: str
    message: str


def verify(catalog: Catalog, folder: Path) -> Iterator[VerifiedItem]:
    """Verifies a checkpoint, from its manifest to its metrics; stops after a part that is damaged.

    Raises:
        IntegrityError: The manifest is damaged.
        MisfitError: The run is unfinished.
        NotFoundError: The folder holds no checkpoint.
        PluginError: A plugin that the checkpoint needs is broken or missing.
    """
    manifest = read_manifest(folder)
    try:
        yield VerifiedItem("manifest", "ok", f"{manifest.run_config.model}, {manifest.status}")
        checkpoint = read_checkpoint(catalog, folder)
        yield VerifiedItem("files", "ok", f"weights have sha256 {manifest.weights.sha256}")
        count = sum(parameter.numel() for parameter in checkpoint.model.parameters())
        yield VerifiedItem("model", "ok", f"{count:,} parameters fit")
    except PluginError:
        raise
    except ZooError as error:
        yield VerifiedItem("checkpoint", "failed", str(error))
        return
    if all_finite(checkpoint.weights):
        yield VerifiedItem("numbers", "ok", "finite")
    else:
        yield VerifiedItem("numbers", "failed", "not finite")
    yield from _verify_metrics(catalog, checkpoint)


def _verify_metrics(catalog: Catalog, checkpoint: Checkpoint) -> Iterator[VerifiedItem]:
    """Measures the metrics again if the data is available and has not changed."""
    try:
        own = make_dataset(catalog, checkpoint.run_config, None)
        with no_downloads():
            own.read_again()
            fingerprint = own.fingerprint
    except ZooError as error:
        yield VerifiedItem("metrics", "skipped", str(error))
        return
    if fingerprint != checkpoint.fingerprint:
        yield VerifiedItem("metrics", "skipped", "the data differs from what it was trained on")
        return
    if not checkpoint.metrics:  # a run that was interrupted in its first epoch
        yield VerifiedItem("metrics", "skipped", "it states none")
    for split in held_out_splits(checkpoint.metrics):
        if "coverage" in checkpoint.metrics[split]:
            reason = "measured on a part of the split, as a budget allowed"
            yield VerifiedItem(f"metrics ({split})", "skipped", reason)
            continue
        parts = (checkpoint.evaluated_model, checkpoint.dataset, checkpoint.trainer)
        measured = evaluate(*parts, split, precision=checkpoint.run_config.precision)
        yield _compare(split, checkpoint.metrics, measured)


def _compare(split: str, recorded: Metrics, measured: dict[str, float]) -> VerifiedItem:
    differences = []
    for name, value in recorded[split].items():
        now = measured.get(name, math.nan)
        if not math.isclose(now, value, rel_tol=TOLERANCE, abs_tol=1e-6):
            differences.append(f"{name} was {value:.6g}, is {now:.6g}")
    if differences:
        return VerifiedItem(f"metrics ({split})", "failed", "; ".join(differences))
    values = ", ".join(f"{name} {value:.6g}" for name, value in measured.items())
    return VerifiedItem(f"metrics ({split})", "ok", values)
