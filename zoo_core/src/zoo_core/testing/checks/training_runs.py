"""Checks of trainers: whole runs."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from zoo_core.runtime.resume import resume as resume_run
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import EpochEnded, Finished, Saved, Started, Stepped
from zoo_core.testing.cases.trainer_case import TrainerCase
from zoo_core.testing.check import Violation, check

REPEATABLE_FILES = ("model.safetensors", "history.jsonl", "steps.jsonl", "config.json")
"""Files of a run folder that a resumed run repeats bit for bit."""
MAX_LOSS_RATIO = 0.7
"""Largest last loss, as a fraction of the first epoch's, of a run that counts as learning.

On data of the plugin's own, whose noise the checks do not know, any fall counts.
"""
EPOCHS = 15
LEARNING_RATES = (0.05, 0.01, 0.2)


@check(
    "Return finite metrics for every split, with the loss under 'loss'; name a direction of each "
    "and the main metric in objective; and store only what a run folder can hold.",
    needs=("objective",),
)
def events(case: TrainerCase) -> Violation | None:
    """A run reports its events in order, with finite metrics for every split."""
    named = case.make().objective
    with TemporaryDirectory() as folder:
        reported = case.events(Path(folder) / "run")
    kinds = [type(event) for event in reported]
    steps = case.batch_count() * case.epochs
    counts = {Started: 1, Stepped: steps, EpochEnded: case.epochs, Finished: 1}
    for kind, count in counts.items():
        if kinds.count(kind) != count:
            return Violation(f"{count} × {kind.__name__}", f"{kinds.count(kind)}")
    if kinds[0] is not Saved or kinds[-1] is not Finished:
        seen = f"{kinds[0].__name__} first and {kinds[-1].__name__} last"
        return Violation("Saved first and Finished last", seen)
    splits = [split for split in case.dataset().splits if split != "test"]
    for event in reported:
        if isinstance(event, EpochEnded):
            for split in splits:
                metrics = event.metrics.get(split, {})
                if "loss" not in metrics or not all(map(math.isfinite, metrics.values())):
                    return Violation(f"finite metrics of {split} with the loss", f"{metrics}")
                if missing := {named.metric} - metrics.keys():
                    return Violation(f"the main metric {missing.pop()}", f"{list(metrics)}")
                if without := metrics.keys() - named.directions.keys():
                    return Violation("a direction of every metric", f"none of {min(without)}")
    return None


@check(
    "Return a loss that falls as the predictions improve, attached to its graph: no minus sign, no "
    "detach(), no .item().",
    needs=("events",),
)
def loss_falls(case: TrainerCase) -> Violation | None:
    """Training reduces the loss."""
    case.make()
    ratios = []
    for learning_rate in LEARNING_RATES:
        first, *_, last = replace(case, epochs=EPOCHS).losses(learning_rate)
        if last < (first if case.own_data else MAX_LOSS_RATIO * first):
            return None
        ratios.append(last / first)
    if case.own_data:
        return Violation(
            f"after {EPOCHS} epochs a lower loss", f"none, over learning rates {LEARNING_RATES}"
        )
    expected = f"after {EPOCHS} epochs less than {MAX_LOSS_RATIO:.0%} of the first epoch's loss"
    return Violation(expected, f"{min(ratios):.0%} at best, over learning rates {LEARNING_RATES}")


@check(
    "Keep nothing in the trainer that changes during training, draw random numbers from torch's "
    "global generator only, and draw none in sample().",
    needs=("events",),
)
def resume(case: TrainerCase) -> Violation | None:
    """An interrupted and resumed run gives bit for bit what an uninterrupted run gives."""
    case.make()
    with TemporaryDirectory() as folder:
        case.events(Path(folder) / "whole")
        whole = _repeatable_files(Path(folder) / "whole")
        for step in sorted({1, case.batch_count() * case.epochs - 2}):
            interrupted = Path(folder) / f"interrupted-{step}"
            _run_until(Run(case.catalog, case.run_config(), interrupted), step)
            torch.manual_seed(12345)
            list(resume_run(case.catalog, interrupted).events())
            for name, data in _repeatable_files(interrupted).items():
                if whole[name] != data:
                    expected = f"the same {name} if interrupted after step {step} and resumed"
                    return Violation(expected, "other bytes")
    return None


def _run_until(run: Run, step: int) -> None:
    """Interrupts a run, as Ctrl+C does, after a step."""
    events = run.events()
    try:
        for event in events:
            if isinstance(event, Stepped) and run.loop.progress.steps == step:
                events.throw(KeyboardInterrupt())
    except KeyboardInterrupt:
        return


def _repeatable_files(folder: Path) -> dict[str, bytes]:
    return {name: (folder / name).read_bytes() for name in REPEATABLE_FILES}


CHECKS = (events, loss_falls, resume)
