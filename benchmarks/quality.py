"""Time to quality: how long until a model has learnt the book's text by heart."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.cases import GATES
from benchmarks.figure import Figure, figures
from benchmarks.subject import Bench
from zoo_core.recipes.recipe import list_recipes
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.hardware.allocator import keep_freed_memory
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import EpochEnded

LEARNT = 1.5
"""Perplexity of the training text over an epoch: the classic edition's figure after 500."""
RECIPES = {"the book's recipe": "time-machine", "ours": "fast"}


def quality(bench: Bench) -> Iterator[list[Figure]]:
    """Seconds, and beside them tokens per second; only ours in a first look."""
    known = {recipe.name for recipe in list_recipes(bench.catalog)}
    for cell in GATES:
        seconds, speeds = {}, {}
        for way, tag in RECIPES.items():
            name = f"{cell}-stacked.{tag}"
            if name in known and not (bench.quick and tag == "time-machine"):
                seconds[way], speeds[way] = _learn(bench, name)
        if seconds:
            yield figures("quality", f"{cell}: seconds to perplexity {LEARNT}", "s", seconds)
            yield figures("quality", f"{cell}: speed", "tokens/s", speeds)


def _learn(bench: Bench, name: str) -> tuple[list[float], list[float]]:
    """One run until it is good enough; infinitely many seconds if it never is."""
    flags = {"trainer": {"prompt": None}}
    run_config = resolve_run(bench.catalog, name).run_config(flags, device="cpu")
    keep_freed_memory()  # as the command does
    run = Run(bench.catalog, run_config, bench.folder / name)
    began, speed = time.perf_counter(), 0.0
    for event in run.events():
        if isinstance(event, EpochEnded):
            speed = event.tokens_per_second
            if event.metrics["train"]["perplexity"] <= LEARNT:
                return [time.perf_counter() - began], [speed]
    return [float("inf")], [speed]
