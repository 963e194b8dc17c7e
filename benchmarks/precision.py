"""Precision: whether training with products in bfloat16 learns as well as in float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

from benchmarks.benchmark import Setup
from benchmarks.cases import GATES
from benchmarks.measurement import PERPLEXITY, Measurement, measurements
from benchmarks.rounding import emulated_bfloat16
from benchmarks.targets import BF16, EMULATED
from benchmarks.texts import is_here
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import EpochEnded

SEEDS, QUICK_SEEDS = 5, 2


def precision(setup: Setup) -> Iterator[list[Measurement]]:
    """The perplexity of the fast recipes in their last epoch, one sample per seed.

    On a processor without instructions for bfloat16, where autocast would leave products in
    float32, they are emulated. Nothing without the book that the recipes read.
    """
    if not is_here("time-machine"):
        return
    emulated = not multiplies_bfloat16("cpu")
    backend = "portable" if emulated else "auto"
    for cell in GATES:
        full, half = [], []
        for seed in range(QUICK_SEEDS if setup.quick else SEEDS):
            full.append(_learn(setup, cell, seed, backend, "fp32"))
            with emulated_bfloat16() if emulated else nullcontext():
                half.append(_learn(setup, cell, seed, backend, "bf16"))
        implementations = {"fp32": full, EMULATED if emulated else BF16: half}
        yield measurements("precision", cell, PERPLEXITY, implementations)


def _learn(setup: Setup, cell: str, seed: int, backend: str, precision: str) -> float:
    run_config = resolve_run(setup.catalog, f"{cell}-stacked.fast").run_config(
        {"trainer": {"prompt": None}},
        seed=seed,
        device="cpu",
        backend=backend,
        precision=precision,
    )
    run = Run(setup.catalog, run_config, setup.folder / f"{cell} {precision} {seed}")
    ended = [event for event in run.events() if isinstance(event, EpochEnded)]
    return ended[-1].metrics["train"]["perplexity"]
