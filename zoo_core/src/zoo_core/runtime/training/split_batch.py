"""The gradient of a batch that is computed in parts, by several processes or one after the other.

With the parts i of a batch, their mean losses l_i over targets of the weights w_i, and the
penalties p_i, which add up to that of the batch, the objective of the batch is

    Σ_i w_i l_i / Σ_i w_i + Σ_i p_i

so the parts may be of any size. Every process computes the parts of its own rows.
"""

from __future__ import annotations

from contextlib import nullcontext
from typing import NamedTuple, final

import torch
from torch import Tensor, nn

from zoo_core.runtime.distributed.processes import AbstractProcesses
from zoo_core.runtime.hardware.device import precision_context
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.row_cut import RowCut, cut_rows
from zoo_core.runtime.nn.state import State, join_states, state_rows
from zoo_core.runtime.training.loop_state import random_state, restore_random_state
from zoo_core.runtime.training.trainer import AbstractTrainer, weight_of

SEED_FACTOR = 1_000_003
"""A prime, so that neighbouring seeds, steps and processes share no random numbers."""


@final
class BatchResult(NamedTuple):
    """The result of a batch, whose gradient the parameters hold.

    Args:
        loss: The trainer's loss, a scalar on the device, without the penalty.
        sums: The trainer's sums over the batch.
        output: The output of the model; where there are several parts, the logits of the last one
            and the state of all rows of this process.
    """

    loss: Tensor
    sums: dict[str, Tensor]
    output: Output


@final
class SplitBatch:
    """Computes gradients of batches in parts.

    Dropout of the recurrent layers draws the masks of the whole batch, so they do not depend on the
    parts. What else draws from torch's generator starts in each step, on each process, from numbers
    of its own.

    Args:
        model: The model, on its device.
        trainer: The objective.
        processes: The processes that share a batch.
        module: What computes the forward pass: the model, or what torch.compile made of it.
        seed: The seed of the run.
        device: The device of the model.
        precision: ``fp32`` or ``bf16``.
    """

    def __init__(
        self,
        model: AbstractModel,
        trainer: AbstractTrainer,
        processes: AbstractProcesses,
        *,
        module: nn.Module,
        seed: int,
        device: str,
        precision: str,
    ) -> None:
        self.model, self.trainer, self.processes = model, trainer, processes
        self._module = module
        self.seed, self.device, self.precision = seed, device, precision
        self._wrapped: nn.Module | None = None
        self._generator: torch.Generator | None = None
        self._layers = [module for module in model.modules() if isinstance(module, Recurrent)]
        self._penalized = [
            module for module in model.modules() if isinstance(module, (AbstractModel, Recurrent))
        ]

    def backward(self, batch: Batch, state: State | None, step: int) -> BatchResult:
        """Computes the gradient of a batch into the parameters.

        Args:
            batch: The whole batch, on the model's device.
            state: The recurrent state of the rows of this process; None for the initial state.
            step: The number of the step, from 0.
        """
        processes, rows = self.processes, len(batch.inputs)
        if self._wrapped is None:  # not earlier, because every process must be there
            self._wrapped = processes.wrap(self._module)
        self._seed_step(step)
        first, end, counts = processes.share(rows)
        mine = batch.rows(first, end)
        parts = cut_rows(end - first, min(self.trainer.config.accumulate, end - first))
        generator = self.generator
        masks = generator.get_state()
        total: Tensor | None = None  # Σ w_i over the whole batch
        states: list[State] = []
        sums: dict[str, Tensor] = {}
        try:
            for start, stop in parts:
                generator.set_state(masks)
                self._set_cut(
                    RowCut(
                        first + start,
                        first + stop,
                        rows,
                        batch.lengths,
                        batch.resets,
                        generator,
                    )
                )
                part, before = mine.rows(start, stop), state_rows(state, slice(start, stop))
                is_last = stop == end - first
                exchange = nullcontext() if is_last else processes.without_exchange(self._wrapped)
                with exchange:
                    output, loss, part_sums = self._forward(part, before)
                    if not counts:
                        part_sums = {name: torch.zeros_like(s) for name, s in part_sums.items()}
                    weight = weight_of(part_sums)
                    # The mean over no targets is not a number.
                    part_sum = torch.where(weight > 0, loss, 0) * weight
                    objective = part_sum
                    penalty = self._take_penalty((stop - start) / rows)
                    if penalty is not None:
                        if total is None:
                            total = self._total_weight(mine, state, parts, part_sums, counts)
                        objective = objective + penalty * (total if counts else 0)
                    with processes.errors():
                        torch.autograd.backward(objective)
                part_sums["loss"] = part_sum.detach()
                for name, value in part_sums.items():
                    sums[name] = sums[name] + value if name in sums else value
                if output.state is not None:
                    states.append(output.state)
        finally:
            self._set_cut(None)
        loss, totals = self._add_up(sums)
        after = join_states(states) if states else None
        return BatchResult(loss, totals, Output(output.logits, after))

    def _forward(
        self, part: Batch, state: State | None
    ) -> tuple[Output, Tensor, dict[str, Tensor]]:
        assert self._wrapped is not None, "backward has made it"
        with precision_context(self.precision, self.device):
            output = self._wrapped(part, state)
            loss, sums = self.trainer.loss_and_sums(output, part)
        return output, loss, dict(sums)

    def _take_penalty(self, share: float) -> Tensor | None:
        """Returns the sum of the penalties of the last forward pass; None if there are none.

        Args:
            share: The share of the batch, which a model's own penalty, a mean, counts for.
        """
        total: Tensor | None = None
        for module in self._penalized:
            penalty, module.penalty = module.penalty, None
            if penalty is None:
                continue
            if not isinstance(module, Recurrent):
                penalty = penalty * share
            total = penalty if total is None else total + penalty
        return total

    def _total_weight(
        self,
        mine: Batch,
        state: State | None,
        parts: list[tuple[int, int]],
        sums_of_first: dict[str, Tensor],
        counts: bool,
    ) -> Tensor:
        """Returns the weight of the whole batch, before the gradient of its first part.

        The parts after the first one are computed once more for it: only what comes out tells a
        trainer's weights.
        """
        weight = weight_of(sums_of_first)
        cuts = [layer.cut for layer in self._layers]
        self._set_cut(None)  # so that the generator of the masks stays where it is
        with torch.no_grad():
            for start, stop in parts[1:]:
                part = mine.rows(start, stop)
                with precision_context(self.precision, self.device):
                    output = self.model(part, state_rows(state, slice(start, stop)))
                weight = weight + weight_of(self.trainer.sums(output, part)) * counts
                self._take_penalty(1)
        for layer, cut in zip(self._layers, cuts, strict=True):
            layer.cut = cut
        return self.processes.add(weight)

    def _add_up(self, sums: dict[str, Tensor]) -> tuple[Tensor, dict[str, Tensor]]:
        """Divides the gradient by the weight of the batch; returns the mean loss and the sums."""
        dtype = torch.float32 if self.device == "mps" else torch.float64
        vector = torch.stack([value.to(dtype) for value in sums.values()])
        totals = dict(zip(sums, self.processes.add(vector).unbind(), strict=True))
        weight = weight_of(totals)
        # wrap averages over the processes
        factor = self.processes.size / weight
        for parameter in self.model.parameters():
            if parameter.grad is not None:
                parameter.grad.mul_(factor)
        loss = totals.pop("loss") / weight
        return loss, {name: total.to(sums[name].dtype) for name, total in totals.items()}

    def _set_cut(self, cut: RowCut | None) -> None:
        for layer in self._layers:
            layer.cut = cut

    def _seed_step(self, step: int) -> None:
        _ = self.generator  # which begins where torch's generator was
        seed = (self.seed * SEED_FACTOR + step) * SEED_FACTOR + self.processes.rank
        torch.manual_seed(seed % 2**63)

    @property
    def generator(self) -> torch.Generator:
        """The generator of the masks, which is the same on every process."""
        if self._generator is None:
            self._generator = torch.Generator(self.device)
            self._generator.set_state(random_state(self.device)[f"random.{self.device}"])
        return self._generator

    def random_state(self) -> dict[str, Tensor]:
        """Returns the state of the random generators, like that of a run that splits nothing."""
        return random_state(self.device) | {f"random.{self.device}": self.generator.get_state()}

    def restore_random_state(self, tensors: dict[str, Tensor]) -> None:
        """Continues from a state that ``random_state`` returned here or in another run."""
        restore_random_state(tensors)
        self.generator.set_state(tensors[f"random.{self.device}"])
