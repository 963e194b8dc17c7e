"""Checks of datasets: the order of their batches."""

from __future__ import annotations

import random

import torch

from zoo_core.testing.check import Violation, check
from zoo_core.testing.dataset_case import SEED, DatasetCase, same


@check(
    "Draw the order from a generator of your own, torch.Generator().manual_seed(...) of seed and "
    "epoch, and touch no global generator.",
    needs=("batch-count",),
)
def order(case: DatasetCase) -> Violation | None:
    """A seed and an epoch decide the batches, and drawing them disturbs no other random number."""
    seen = []
    for noise in (0, 1):
        torch.manual_seed(noise)
        random.seed(noise)
        before = torch.get_rng_state()
        seen.append(case.epoch("train", epoch=1))
        if not torch.equal(before, torch.get_rng_state()):
            return Violation("torch's global generator is left alone", "numbers were drawn from it")
    if same(*seen):
        return None
    return Violation(f"seed {SEED} gives one order, twice", "two orders")


@check(
    "Compute the order from seed and epoch and begin at batch number start of it.",
    needs=("order",),
)
def start(case: DatasetCase) -> Violation | None:
    """With a start, an epoch goes on as if its first batches had been taken."""
    whole = case.epoch("train", epoch=1)
    for first in sorted({1, len(whole) // 2, len(whole)}):
        rest = case.epoch("train", epoch=1, start=first)
        if not same(rest, whole[first:]):
            expected = f"start={first} gives batches {first} to {len(whole)} of the epoch"
            return Violation(expected, f"{len(rest)} batches, and others")
    return None


@check("Shuffle nothing in epoch 0, which is for evaluation.", needs=("batch-count",))
def evaluation(case: DatasetCase) -> Violation | None:
    """Epoch 0 is the same whatever the seed."""
    for split in case.open().splits:
        if not same(case.epoch(split, 0, seed=0), case.epoch(split, 0, seed=1)):
            return Violation(f"epoch 0 of {split} is one for seeds 0 and 1", "two orders")
    return None


CHECKS = (order, start, evaluation)
