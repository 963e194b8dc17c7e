"""Whether a checkpoint is what it says it is: files, weights, and the metrics it claims."""

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
"""How far a metric may be off, relatively: processors and thread counts differ in the last bits."""


@final
class Verified(NamedTuple):
    """One thing that was looked at.

    Args:
        what: Its name.
        verdict: ``ok``, ``failed`` or ``skipped``.
        said: What was found.
    """

    what: str
    verdict: str
    said: str


def verify(catalog: Catalog, folder: Path) -> Iterator[Verified]:
    """Looks at a checkpoint, from its manifest to its metrics; ends at what leaves no way on.

    Raises:
        IntegrityError: The manifest is none.
        MisfitError: There is none yet: the run is unfinished.
        NotFoundError: There is none.
        PluginError: A plugin that it needs is broken or missing, so nobody can tell.
    """
    manifest = read_manifest(folder)
    try:
        yield Verified("manifest", "ok", f"{manifest.run_config.model}, {manifest.status}")
        checkpoint = read_checkpoint(catalog, folder)
        yield Verified("files", "ok", f"weights have sha256 {manifest.weights.sha256}")
        count = sum(each.numel() for each in checkpoint.model.parameters())
        yield Verified("model", "ok", f"{count:,} parameters fit")
    except PluginError:
        raise
    except ZooError as error:
        yield Verified("checkpoint", "failed", str(error))
        return
    finite = all_finite(checkpoint.weights)
    yield Verified("numbers", "ok" if finite else "failed", "finite" if finite else "not finite")
    yield from _metrics(catalog, checkpoint)


def _metrics(catalog: Catalog, checkpoint: Checkpoint) -> Iterator[Verified]:
    """The metrics again, on the data that the manifest means, if it is the same and at hand."""
    try:
        own = make_dataset(catalog, checkpoint.run_config, None)
        with no_downloads():
            fingerprint = own.fingerprint
    except ZooError as error:
        yield Verified("metrics", "skipped", str(error))
        return
    if fingerprint != checkpoint.fingerprint:
        said = "the data here is another than the one it was judged on"
        yield Verified("metrics", "skipped", said)
        return
    claimed = list(checkpoint.metrics)
    if not claimed:  # a run that was interrupted in its first epoch
        yield Verified("metrics", "skipped", "it claims none")
    for split in held_out_splits(claimed):
        parts = (checkpoint.model, checkpoint.dataset, checkpoint.trainer)
        measured = evaluate(*parts, split, precision=checkpoint.run_config.precision)
        yield _compared(split, checkpoint.metrics, measured)


def _compared(split: str, recorded: Metrics, measured: dict[str, float]) -> Verified:
    off = [
        f"{name} was {value:.6g}, is {measured.get(name, math.nan):.6g}"
        for name, value in recorded[split].items()
        if not math.isclose(measured.get(name, math.nan), value, rel_tol=TOLERANCE, abs_tol=1e-6)
    ]
    reached = ", ".join(f"{name} {value:.6g}" for name, value in measured.items())
    return Verified(f"metrics ({split})", "failed" if off else "ok", "; ".join(off) or reached)
