"""Time to quality: how long a model needs to learn the text of a book by heart."""

from __future__ import annotations

import time
from collections.abc import Iterator

from benchmarks.benchmark import Setup
from benchmarks.cases import GATES
from benchmarks.measurement import Measurement, measurements
from benchmarks.texts import is_here
from zoo_core.recipes.recipe import list_recipes
from zoo_core.recipes.resolve import resolve_run
from zoo_core.runtime.hardware.allocator import keep_freed_memory
from zoo_core.runtime.run import Run
from zoo_core.runtime.training.events import EpochEnded

TARGET_PERPLEXITY = 1.5
"""Perplexity of the training text over an epoch; the book's classic edition takes 500 epochs."""
RECIPES = {"the book's recipe": "time-machine", "the zoo's recipe": "fast"}


def quality(setup: Setup) -> Iterator[list[Measurement]]:
    """Seconds and tokens per second; a first look measures the zoo's recipe only.

    Nothing without the book, because another text takes another time.
    """
    if not is_here("time-machine"):
        return
    recipes = {recipe.name for recipe in list_recipes(setup.catalog)}
    for cell in GATES:
        seconds, speeds = {}, {}
        for implementation, tag in RECIPES.items():
            name = f"{cell}-stacked.{tag}"
            if name in recipes and not (setup.quick and tag == "time-machine"):
                seconds[implementation], speeds[implementation] = _learn(setup, name)
        if seconds:
            yield measurements(
                "quality", f"{cell}: seconds to perplexity {TARGET_PERPLEXITY}", "s", seconds
            )
            yield measurements("quality", f"{cell}: speed", "tokens/s", speeds)


def _learn(setup: Setup, name: str) -> tuple[list[float], list[float]]:
    """Seconds until a run reaches the perplexity (infinity if it never does), and its speed."""
    flags = {"trainer": {"prompt": None}}
    run_config = resolve_run(setup.catalog, name).run_config(flags, device="cpu")
    keep_freed_memory()  # as the command does
    run = Run(setup.catalog, run_config, setup.folder / name)
    started, speed = time.perf_counter(), 0.0
    for event in run.events():
        if isinstance(event, EpochEnded):
            speed = event.tokens_per_second
            if event.metrics["train"]["perplexity"] <= TARGET_PERPLEXITY:
                return [time.perf_counter() - started], [speed]
    return [float("inf")], [speed]
