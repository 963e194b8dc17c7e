"""The trainer: what a run costs beside its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import cycle, islice
from statistics import harmonic_mean

from benchmarks.cases import CASES, GATES
from benchmarks.figure import Figure, figures
from benchmarks.ours import Ours
from benchmarks.subject import Bench
from benchmarks.timing import Effort, interleave
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.state import State, detach
from zoo_core.runtime.run import Run

PARTS = 8
"""Short turns that make up one sample. At M RNN on a busy machine a sample of the share lost lies
within 0.08 of the median, and the medians of five were 0.01 to 0.03."""


def trainer(bench: Bench) -> Iterator[list[Figure]]:
    """``zoo train`` against its own steps: the same model, batches and optimizer, nothing else.

    The difference is smaller than what the machine's speed drifts by, so the two take turns often.
    """
    effort = Effort(bench.effort.rounds * PARTS, bench.effort.seconds / 4)
    for case in (CASES["M"], CASES["F"]):
        for cell in GATES:
            run_config = case.run_config(bench.catalog, cell)
            ours = Ours(bench.catalog, run_config, bench.folder / f"{case.name} {cell}")
            bare = BareSteps(Run(bench.catalog, run_config, bench.folder / "unused"))
            ways = {"the step alone": bare.steps, "zoo train": ours.steps}
            samples = together(interleave(ways, effort))
            yield figures("trainer", f"{case.name} {cell}", "tokens/s", samples)


def together(rates: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """The rate of every ``PARTS`` turns as one: the median of single ones would hide epochs' ends.

    The turns of a way do equally much, so it is their harmonic mean.
    """
    return {
        way: [harmonic_mean(each[at : at + PARTS]) for at in range(0, len(each), PARTS)]
        for way, each in rates.items()
    }


class BareSteps:
    """The trainer's own step on batches that are there already; no loop, figures or saves."""

    def __init__(self, run: Run) -> None:
        self.train_step = run.loop.train_step
        self.carries = run.loop.trainer.carries_state and run.loop.model.carries_state
        size = run.loop.config.batch_size
        self.feed: Iterator[Batch] = cycle(list(run.dataset.batches("train", size, 0, 1)))

    def steps(self, count: int) -> float:
        """Takes so many; the targets predicted in them."""
        tokens = 0
        state: State | None = None
        for batch in islice(self.feed, count):
            taken = self.train_step(batch, state if batch.carry and self.carries else None)
            state = detach(taken.output.state)
            tokens += batch.inputs.numel()
        return tokens
