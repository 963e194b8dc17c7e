"""A model to look at: its spec, some settings, some data, some rows and steps."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, final

import torch
from torch import Tensor, nn

from zoo_core.configs.settings import build_config
from zoo_core.data.signature import Features, Grid, Signature, Tokens
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import State
from zoo_core.testing.check import DoesNotApply, Violation

EXACT = 1e-12
"""How far two answers in double precision may lie apart that should be one."""
SINGLE = 1e-5
"""The same in single precision."""


@final
@dataclass(frozen=True)
class ModelCase:
    """A model, one way to configure it, one kind of data, one size of batch.

    Args:
        spec: The model's.
        settings: What differs from the config's defaults.
        signature: Of the data.
        rows: B.
        steps: T; a model of a fixed window gets that many.
        free: Whether it takes any number of steps.
    """

    spec: ModelSpec
    settings: dict[str, Any]
    signature: Signature
    rows: int = 3
    steps: int = 5
    free: bool = True

    def label(self) -> str:
        """The case in words."""
        inputs = self.signature.inputs
        sizes = len(inputs.sizes) if isinstance(inputs, Grid) else ""
        size = f"B={self.rows}" if sizes else f"B={self.rows}, T={self.steps}"
        said = [f"{key}={value}" for key, value in self.settings.items()]
        label = ", next symbol" if self.signature.next_symbol else ""
        kind = f"{inputs.kind}{sizes} per {self.signature.per}{label}"
        return ", ".join([kind, size, *said])

    def smaller(self) -> Iterator[ModelCase]:
        """The same with fewer rows and steps, the fewest numbers first."""
        steps = range(1, self.steps + 1) if self.free else (self.steps,)
        sizes = sorted(product(range(1, self.rows + 1), steps), key=lambda size: size[0] * size[1])
        for rows, count in sizes:
            if (rows, count) != (self.rows, self.steps):
                yield replace(self, rows=rows, steps=count)

    def build(self, seed: int = 0) -> AbstractModel:
        """The model, in evaluation mode and double precision, its weights drawn from a seed."""
        # torch.manual_seed would also seed every accelerator, which takes several milliseconds.
        torch.default_generator.manual_seed(seed)
        config = build_config(resolve(self.spec.config), "model", self.settings)
        model: AbstractModel = resolve(self.spec.factory)(config, self.signature)
        return model.double().eval()

    def batch(self, dtype: torch.dtype = torch.float64) -> Batch:
        """Random inputs and labels, the same every time."""
        return random_batch(self.signature, self.rows, self.steps, dtype)


def random_batch(
    signature: Signature, rows: int, steps: int, dtype: torch.dtype = torch.float32
) -> Batch:
    """Random inputs and labels, the same every time: B rows of T steps, or B grids."""
    generator = torch.Generator().manual_seed(1)
    shape = (rows, steps) if signature.per == "step" else (rows,)
    targets = torch.randint(signature.classes, shape, generator=generator)
    match signature.inputs:
        case Tokens(size):
            inputs = torch.randint(size, (rows, steps), generator=generator)
        case Features(size):
            inputs = torch.randn(rows, steps, size, generator=generator, dtype=dtype)
        case Grid(channels, sizes):
            inputs = torch.randn(rows, channels, *sizes, generator=generator, dtype=dtype)
    return Batch(inputs, targets)


def carrying(case: ModelCase) -> AbstractModel:
    """The model, if it carries its state.

    Raises:
        DoesNotApply: It does not.
    """
    model = case.build()
    if not model.carries_state:
        raise DoesNotApply("the model carries no state")
    return model


def answer(model: AbstractModel, batch: Batch, state: State | None = None) -> Tensor:
    """The logits of a batch."""
    logits: Tensor = model(batch, state).logits
    return logits


def learn(model: AbstractModel, batch: Batch) -> float:
    """The cross entropy of a batch in nats, its gradients made, none of them sparse."""
    assert batch.targets is not None, "a case's batch has labels"
    logits = answer(model, batch)
    loss = nn.functional.cross_entropy(logits.flatten(0, -2), batch.targets.flatten())
    torch.autograd.backward(loss)
    for each in model.parameters():
        if each.grad is not None and each.grad.is_sparse:
            each.grad = each.grad.to_dense()
    return float(loss.detach())


def distance(one: Tensor, other: Tensor) -> float:
    """The largest difference between two tensors of one shape; infinite for NaN."""
    apart = (one - other).abs().max().item() if one.numel() else 0.0
    return apart if apart == apart else float("inf")  # noqa: PLR0124  # NaN alone differs


def check_tolerance(difference: float, tolerance: float, expected: str) -> Violation | None:
    """Returns a violation if a difference exceeds a tolerance; 0 requires equal bits.

    Args:
        difference: The largest difference of two results.
        tolerance: The largest difference allowed.
        expected: What the rule requires, without the tolerance.
    """
    if difference <= tolerance:
        return None
    within = f"within {tolerance:g}" if tolerance else "bit for bit"
    return Violation(f"{expected}, {within}", f"a difference of {difference:.2g}")
