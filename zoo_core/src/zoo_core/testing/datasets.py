"""Checks of datasets."""

from __future__ import annotations

from itertools import combinations

import torch

from zoo_core.downloads.download import no_downloads
from zoo_core.errors import DataError, NetworkError
from zoo_core.runtime.nn.batch import Output
from zoo_core.testing import epochs
from zoo_core.testing.check import DoesNotApply, Violation, check
from zoo_core.testing.dataset_case import SEED, DatasetCase, misfit, rows_of
from zoo_core.testing.sample_values import needed_values

SHARED = 0.01
"""The share of a held-out split's rows that may be in another by chance, as in repeated prose."""


@check(
    "Make inputs as the signature says, batch first and without targets outside 0 to classes - 1 "
    "(IGNORED where there is none), with lengths from 1 to T.",
    needs=("import-strings", "config-defaults"),
)
def batches_fit(case: DatasetCase) -> Violation | None:
    """The batches of every split are what the signature says."""
    try:
        with no_downloads():
            dataset = case.open()
            if "train" not in dataset.splits:
                return Violation("a split train", f"{dataset.splits}")
            for split in dataset.splits:
                batch = next(iter(dataset.batches(split, case.rows, SEED, epoch=1)))
                if wrong := misfit(dataset.signature, batch):
                    return Violation(*wrong)
    except NetworkError as error:
        raise DoesNotApply(f"its data must be downloaded first: {error}") from None
    except DataError as error:
        if needed_values(type(case.config)) and not case.spec.sample_settings:
            raise DoesNotApply(
                f"it needs data, which its spec may name in sample_settings: {error}"
            ) from None
        raise
    return None


@check("Count what batches() yields, for the same arguments.", needs=("batches-fit",))
def batch_count(case: DatasetCase) -> Violation | None:
    """batch_count tells how many batches come."""
    dataset = case.open()
    for split in dataset.splits:
        for epoch in (0, 1, 2):
            said = dataset.batch_count(split, case.rows, SEED, epoch)
            came = sum(1 for _ in dataset.batches(split, case.rows, SEED, epoch))
            if said != came:
                return Violation(f"{said} batches of {split} in epoch {epoch}", f"{came}")
    return None


@check(
    "Split before rows are cut or repeated, by position in the data or by what is unlike, and keep "
    "rows that are alike in one split.",
    needs=("batch-count",),
)
def splits(case: DatasetCase) -> Violation | None:
    """No row is in two splits."""
    found = {split: rows_of(case.epoch(split, 0)) for split in case.open().splits}
    if len(found) == 1:
        raise DoesNotApply("there is one split only")
    for one, other in combinations(found, 2):
        both = len(found[one] & found[other])
        if both > SHARED * min(len(found[one]), len(found[other])):
            return Violation(f"{one} and {other} have no rows in common", f"{both} in both")
    return None


@check(
    "Hash the bytes of the prepared data with hashlib; Python's hash(), sets, addresses, times and "
    "file dates differ from process to process.",
    needs=("batches-fit",),
)
def fingerprint(case: DatasetCase) -> Violation | None:
    """The same data has the same fingerprint, in another process too."""
    dataset = case.open()
    first = dataset.fingerprint
    next(iter(dataset.batches("train", case.rows, SEED, epoch=1)))
    fresh_process = case.fresh_process.fingerprints.get(case.spec.name, "none")
    seen = {"after a batch": dataset.fingerprint, "made anew": case.open().fingerprint}
    for where, other in (seen | {"in another process": fresh_process}).items():
        if other != first:
            return Violation(f"{first:.16} {where}", f"{other:.16}")
    return None


@check(
    "Take the vocabulary that is given, encode with it alone, and give the likeliest class in "
    "words.",
    needs=("batches-fit",),
)
def typed(case: DatasetCase) -> Violation | None:
    """The example can be encoded, with a checkpoint's vocabulary too, and an answer decoded."""
    dataset = case.open()
    signature, example = dataset.signature, dataset.example
    batch, again = (each.encode(example) for each in (dataset, case.open(signature.vocabulary)))
    if len(batch.inputs) != 1:
        return Violation("a batch of one", f"inputs of shape {tuple(batch.inputs.shape)}")
    if not torch.equal(batch.inputs, again.inputs):
        return Violation("the same ids with the vocabulary given", f"others for {example!r:.60}")
    steps = (batch.inputs.shape[1],) if signature.per == "step" else ()
    said: object = dataset.decode(Output(torch.zeros(1, *steps, signature.classes), None))
    return None if isinstance(said, str) else Violation("an answer in words", f"{said!r:.60}")


CHECKS = (batches_fit, batch_count, *epochs.CHECKS, splits, fingerprint, typed)
