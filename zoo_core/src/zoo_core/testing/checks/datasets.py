"""Checks of datasets."""

from __future__ import annotations

import random
from itertools import combinations

import torch

from zoo_core.downloads.download import no_downloads
from zoo_core.errors import DataError, NetworkError
from zoo_core.runtime.nn.batch import Output
from zoo_core.testing.cases.dataset_case import (
    SEED,
    DatasetCase,
    equal_batches,
    find_mismatch,
    row_bytes,
)
from zoo_core.testing.cases.sample_values import needed_values
from zoo_core.testing.check import DoesNotApply, Violation, check

MAX_SHARED_ROWS = 0.01
"""Fraction of a split's rows that may be in another split by chance, as in repeated prose."""


@check(
    "Return batches as the signature says: batch first, targets from 0 to classes - 1 or IGNORED, "
    "lengths from 1 to T.",
    needs=("import-strings", "config-defaults"),
)
def batches_fit(case: DatasetCase) -> Violation | None:
    """The batches of every split match the signature."""
    try:
        with no_downloads():
            dataset = case.open()
            if "train" not in dataset.splits:
                return Violation("a split train", f"{dataset.splits}")
            for split in dataset.splits:
                batch = next(iter(dataset.batches(split, case.rows, SEED, epoch=1)))
                if mismatch := find_mismatch(dataset.signature, batch):
                    return mismatch
    except NetworkError as error:
        raise DoesNotApply(f"the data must be downloaded first: {error}") from None
    except DataError as error:
        if needed_values(type(case.config)) and not case.spec.sample_settings:
            raise DoesNotApply(
                f"the dataset needs data, which its spec can name in sample_settings: {error}"
            ) from None
        raise
    return None


@check(
    "Return the number of batches that batches() yields for the same arguments.",
    needs=("batches-fit",),
)
def batch_count(case: DatasetCase) -> Violation | None:
    """batch_count returns the number of batches of an epoch."""
    dataset = case.open()
    for split in dataset.splits:
        counts = []
        for epoch in (0, 1, 2):
            expected = dataset.batch_count(split, case.rows, SEED, epoch)
            counts.append(sum(1 for _ in dataset.batches(split, case.rows, SEED, epoch)))
            if counts[-1] != expected:
                found = f"{counts[-1]}"
                return Violation(f"{expected} batches of {split} in epoch {epoch}", found)
        total = dataset.total_batch_count(split, case.rows, SEED, epochs=2)
        if total != counts[1] + counts[2]:
            return Violation(f"{total} batches of {split} in 2 epochs", f"{counts[1] + counts[2]}")
    return None


@check(
    "Draw the order from torch.Generator().manual_seed(...) with a number made of seed and epoch, "
    "never from a global generator.",
    needs=("batch-count",),
)
def order(case: DatasetCase) -> Violation | None:
    """Seed and epoch alone decide the batches, and no global generator is used."""
    epochs = []
    for global_seed in (0, 1):
        torch.manual_seed(global_seed)
        random.seed(global_seed)
        before = torch.get_rng_state()
        epochs.append(case.epoch("train", epoch=1))
        if not torch.equal(before, torch.get_rng_state()):
            return Violation("no number drawn from torch's global generator", "numbers were drawn")
    if equal_batches(*epochs):
        return None
    return Violation(f"the same order from seed {SEED} twice", "two orders")


@check(
    "Compute the whole order from seed and epoch, and begin at batch number start.",
    needs=("order",),
)
def start(case: DatasetCase) -> Violation | None:
    """With start=N, an epoch skips its first N batches and yields the others unchanged."""
    whole = case.epoch("train", epoch=1)
    for first in sorted({1, len(whole) // 2, len(whole)}):
        rest = case.epoch("train", epoch=1, start=first)
        if not equal_batches(rest, whole[first:]):
            expected = f"start={first} yields batches {first} to {len(whole)} of the epoch"
            return Violation(expected, f"{len(rest)} other batches")
    return None


@check("Do not shuffle epoch 0, which is for evaluation.", needs=("batch-count",))
def evaluation(case: DatasetCase) -> Violation | None:
    """Epoch 0 is the same for every seed."""
    for split in case.open().splits:
        if not equal_batches(case.epoch(split, 0, seed=0), case.epoch(split, 0, seed=1)):
            return Violation(f"the same epoch 0 of {split} for seeds 0 and 1", "two orders")
    return None


@check(
    "Split the data before rows are cut or repeated, by position or by content, and keep equal "
    "rows in one split.",
    needs=("batch-count",),
)
def splits(case: DatasetCase) -> Violation | None:
    """No row is in two splits."""
    rows = {split: row_bytes(case.epoch(split, 0)) for split in case.open().splits}
    if len(rows) == 1:
        raise DoesNotApply("the dataset has one split only")
    for split, other in combinations(rows, 2):
        shared = len(rows[split] & rows[other])
        if shared > MAX_SHARED_ROWS * min(len(rows[split]), len(rows[other])):
            return Violation(f"no rows in both {split} and {other}", f"{shared} in both")
    return None


@check(
    "Hash the bytes of the prepared data with hashlib; Python's hash(), sets, addresses, times and "
    "file dates differ between processes.",
    needs=("batches-fit",),
)
def fingerprint(case: DatasetCase) -> Violation | None:
    """The same data has the same fingerprint in every process."""
    dataset = case.open()
    first = dataset.fingerprint
    next(iter(dataset.batches("train", case.rows, SEED, epoch=1)))
    others = {
        "after a batch": dataset.fingerprint,
        "of a new dataset": case.open().fingerprint,
        "in another process": case.fresh_process.fingerprints.get(case.spec.name, "none"),
    }
    for where, other in others.items():
        if other != first:
            return Violation(f"{first:.16} {where}", f"{other:.16}")
    return None


@check(
    "Encode with the vocabulary that the factory gets and with no other, and let decode() return "
    "the likeliest class as text.",
    needs=("batches-fit",),
)
def typed(case: DatasetCase) -> Violation | None:
    """The example can be encoded, also with a given vocabulary, and logits decode to text."""
    dataset = case.open()
    signature, example = dataset.signature, dataset.example
    batch = dataset.encode(example)
    if len(batch.inputs) != 1:
        return Violation("a batch of one row", f"inputs of shape {tuple(batch.inputs.shape)}")
    if not torch.equal(batch.inputs, case.open(signature.vocabulary).encode(example).inputs):
        return Violation("the same ids with the given vocabulary", f"others for {example!r:.60}")
    steps = (batch.inputs.shape[1],) if signature.outputs.per == "step" else ()
    text: object = dataset.decode(Output(torch.zeros(1, *steps, signature.outputs.width), None))
    return None if isinstance(text, str) else Violation("decoded text", f"{text!r:.60}")


CHECKS = (batches_fit, batch_count, order, start, evaluation, splits, fingerprint, typed)
