"""Checks of trainers: whole runs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from zoo_core.runtime.resume import resume as resumed
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import EpochEnded, Finished, Saved, Started, Stepped
from zoo_core.testing.check import Violation, check
from zoo_core.testing.trainer_case import BATCHES, TrainerCase

KEPT = ("model.safetensors", "history.jsonl", "config.json")
"""What repeats bit for bit."""
LEARNT = 0.7
EPOCHS = 15
RATES = (0.05, 0.01, 0.2)


@check(
    "Return finite metrics for every split, the loss under 'loss' among them, and write only what "
    "a run can keep.",
    needs=("objective",),
)
def events(case: TrainerCase) -> Violation | None:
    """A run says all that happens, with finite metrics for every split, and ends."""
    case.make()
    with TemporaryDirectory() as folder:
        said = case.events(Path(folder) / "run")
    kinds = [type(each) for each in said]
    counts = {Started: 1, Stepped: BATCHES * case.epochs, EpochEnded: case.epochs, Finished: 1}
    for kind, count in counts.items():
        if kinds.count(kind) != count:
            return Violation(f"{count} × {kind.__name__}", f"{kinds.count(kind)}")
    if kinds[0] is not Saved or kinds[-1] is not Finished:
        return Violation(
            "Saved first and Finished last", f"{kinds[0].__name__}, {kinds[-1].__name__}"
        )
    for each in said:
        if isinstance(each, EpochEnded):
            for split in ("train", "validation"):
                metrics = each.metrics.get(split, {})
                if "loss" not in metrics or not all(map(math.isfinite, metrics.values())):
                    return Violation(f"finite metrics of {split}, loss among them", f"{metrics}")
    return None


@check(
    "Return a loss that gets smaller as the answers get better, with its graph: no minus sign, no "
    "detach(), no .item().",
    needs=("events",),
)
def loss_falls(case: TrainerCase) -> Violation | None:
    """Training makes the loss smaller."""
    case.make()
    shares = []
    for rate in RATES:
        first, *_, last = replace(case, epochs=EPOCHS).losses(rate)
        if last < LEARNT * first:
            return None
        shares.append(last / first)
    expected = f"after {EPOCHS} epochs less than {LEARNT:.0%} of the first epoch's loss"
    return Violation(expected, f"{min(shares):.0%} at best, over learning rates {RATES}")


@check(
    "Keep nothing in the trainer that changes while it trains, draw random numbers from torch's "
    "global generator alone, and none in sample().",
    needs=("events",),
)
def resume(case: TrainerCase) -> Violation | None:
    """An interrupted run that goes on gives bit for bit what an uninterrupted one gives."""
    case.make()
    with TemporaryDirectory() as folder:
        case.events(Path(folder) / "whole")
        whole = _contents(Path(folder) / "whole")
        for step in sorted({1, BATCHES * case.epochs - 2}):
            again = Path(folder) / f"interrupted-{step}"
            _interrupt(Run(case.catalog, case.run_config(), again), step)
            torch.manual_seed(12345)
            list(resumed(case.catalog, again).events())
            if differing := [n for n, data in _contents(again).items() if whole[n] != data]:
                expected = f"interrupted after step {step} and resumed, the same {differing[0]}"
                return Violation(expected, "other bytes")
    return None


def _interrupt(run: Run, step: int) -> None:
    """Ctrl+C after a step."""
    events = run.events()
    try:
        for event in events:
            if isinstance(event, Stepped) and run.loop.progress.steps == step:
                events.throw(KeyboardInterrupt())
    except KeyboardInterrupt:
        return


def _contents(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in KEPT}


CHECKS = (events, loss_falls, resume)
