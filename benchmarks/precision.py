"""Precision: whether products in bfloat16 learn as well as those in float32."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext

from benchmarks.cases import GATES
from benchmarks.figure import PERPLEXITY, Figure, figures
from benchmarks.promises import BF16, IMITATED
from benchmarks.rounding import imitated_bfloat16
from benchmarks.subject import Bench
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.hardware.device import multiplies_bfloat16
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import EpochEnded

SEEDS, FEW = 5, 2


def precision(bench: Bench) -> Iterator[list[Figure]]:
    """The fast recipes to their end: the perplexity of the last epoch, a sample for each seed.

    Without instructions for bfloat16 products would stay in float32, and show nothing: there they
    are imitated.
    """
    imitated = not multiplies_bfloat16("cpu")
    backend = "portable" if imitated else "auto"
    for cell in GATES:
        full, half = [], []
        for seed in range(FEW if bench.quick else SEEDS):
            full.append(_learn(bench, cell, seed, backend, "fp32"))
            with imitated_bfloat16() if imitated else nullcontext():
                half.append(_learn(bench, cell, seed, backend, "bf16"))
        ways = {"fp32": full, IMITATED if imitated else BF16: half}
        yield figures("precision", cell, PERPLEXITY, ways)


def _learn(bench: Bench, cell: str, seed: int, backend: str, precision: str) -> float:
    run_config = resolve_run(bench.catalog, f"{cell}-stacked.fast").run_config(
        {"trainer": {"prompt": None}},
        seed=seed,
        device="cpu",
        backend=backend,
        precision=precision,
    )
    run = Run(bench.catalog, run_config, bench.folder / f"{cell} {precision} {seed}")
    ended = [event for event in run.events() if isinstance(event, EpochEnded)]
    return ended[-1].metrics["train"]["perplexity"]
