"""The trainer: the cost of a run beside that of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import cycle, islice
from statistics import harmonic_mean

from benchmarks.benchmark import Setup
from benchmarks.cases import CASES, GATES
from benchmarks.measurement import Measurement, measurements
from benchmarks.timing import Effort, interleave
from benchmarks.zoo_run import ZooRun
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.state import State, detach
from zoo_core.runtime.run import Run

PARTS = 8
"""Short turns that make one sample. For the RNN of case d2l on a busy machine, a sample of the lost
share lies within 0.08 of the median, and medians of five samples were 0.01 to 0.03."""


def trainer(setup: Setup) -> Iterator[list[Measurement]]:
    """``zoo train`` against its own steps: the same model, batches and optimizer, nothing else.

    The difference is smaller than the drift of the machine's speed, so the two take turns often.
    """
    effort = Effort(setup.effort.rounds * PARTS, setup.effort.seconds / 4)
    for case in (CASES["d2l"], CASES["fastai"]):
        for cell in GATES:
            if not setup.wants(f"{case.name} {cell}"):
                continue
            run_config = case.run_config(setup.catalog, cell)
            zoo_run = ZooRun(setup.catalog, run_config, setup.folder / f"{case.name} {cell}")
            bare = BareSteps(Run(setup.catalog, run_config, setup.folder / "unused"))
            implementations = {"the step alone": bare.steps, "zoo train": zoo_run.steps}
            samples = combine_turns(interleave(implementations, effort))
            yield measurements("trainer", f"{case.name} {cell}", "tokens/s", samples)


def combine_turns(rates: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """The rate of every ``PARTS`` turns as one sample.

    A median of single turns would hide the cost of an epoch's end. All turns do the same amount of
    work, so their rate is the harmonic mean.
    """
    return {
        implementation: [
            harmonic_mean(turns[at : at + PARTS]) for at in range(0, len(turns), PARTS)
        ]
        for implementation, turns in rates.items()
    }


class BareSteps:
    """The trainer's own step on batches in memory, without loop, metrics and saves."""

    def __init__(self, run: Run) -> None:
        self.train_step = run.loop.train_step
        self.carries = run.loop.trainer.carries_state and run.loop.model.carries_state
        size = run.loop.config.batch_size
        self.feed: Iterator[Batch] = cycle(list(run.dataset.batches("train", size, 0, 1)))

    def steps(self, count: int) -> float:
        """Takes a number of steps and returns the number of targets predicted in them."""
        tokens = 0
        state: State | None = None
        for batch in islice(self.feed, count):
            taken = self.train_step(batch, state if batch.carry and self.carries else None)
            state = detach(taken.output.state)
            tokens += batch.inputs.numel()
        return tokens
