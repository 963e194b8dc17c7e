"""The trainer: what a run costs beside its steps."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import cycle, islice

import torch
from zoo_core.runtime.batch import Batch
from zoo_core.runtime.optimization import make_optimizer
from zoo_core.runtime.run import Run
from zoo_core.runtime.state import detach

from benchmarks.cases import CASES, GATES
from benchmarks.figure import Figure, figures
from benchmarks.ours import Ours
from benchmarks.subject import Bench
from benchmarks.timing import interleave


def trainer(bench: Bench) -> Iterator[list[Figure]]:
    """``zoo train`` against its own steps: the same model, batches and optimizer, nothing else."""
    for case in (CASES["M"], CASES["F"]):
        for cell in GATES:
            plan = case.plan(bench.catalog, cell)
            ours = Ours(bench.catalog, plan, bench.folder / f"{case.name} {cell}")
            bare = BareSteps(Run(bench.catalog, plan, bench.folder / "unused"))
            ways = {"the step alone": bare.steps, "zoo train": ours.steps}
            samples = interleave(ways, bench.effort)
            yield figures("trainer", f"{case.name} {cell}", "tokens/s", samples)


class BareSteps:
    """Forward, cross entropy, backward, clipping, optimizer and reading the loss."""

    def __init__(self, run: Run) -> None:
        self.model, self.trainer = run.loop.model, run.loop.trainer
        groups = self.trainer.parameter_groups(self.model)
        self.optimizer = make_optimizer(self.trainer.config, groups)
        size = self.trainer.config.batch_size
        self.feed: Iterator[Batch] = cycle(list(run.dataset.batches("train", size, 0, 1)))

    def steps(self, count: int) -> float:
        """Takes so many; the targets predicted in them."""
        tokens, state = 0, None
        for batch in islice(self.feed, count):
            output = self.model(batch, state if batch.carry else None)
            loss = self.trainer.loss(output, batch)
            loss.item()
            self.optimizer.zero_grad()
            torch.autograd.backward(loss)
            torch.nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
            self.optimizer.step()
            state = detach(output.state)
            tokens += batch.inputs.numel()
        return tokens
