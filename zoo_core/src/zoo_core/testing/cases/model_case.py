"""A model to check: its spec, settings, kind of data and batch size."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from typing import Any, final

import torch
from torch import Tensor, nn

from zoo_core.configs.settings import build_config
from zoo_core.data.signature import (
    Classes,
    Features,
    Grid,
    Inputs,
    Keys,
    Signature,
    Tokens,
    Values,
)
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import ModelSpec
from zoo_core.runtime.nn.batch import Batch
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.state import State
from zoo_core.testing.check import DoesNotApply, Violation

EXACT = 1e-12
"""Largest difference of two results in double precision that count as equal."""
REORDERED = 1e-10
"""Largest difference in double precision of two results whose sums are in another order."""
SINGLE = 1e-5
"""Largest difference of two results in single precision that count as equal."""
CONTEXT_STEPS = 4
"""The steps of further inputs that are sequences."""


@final
@dataclass(frozen=True)
class ModelCase:
    """A model with one choice of settings, one kind of data and one batch size.

    Args:
        spec: The model's spec.
        settings: The settings that differ from the config's defaults.
        signature: The signature of the data.
        rows: B.
        steps: T; the window of a model that reads a fixed number of steps.
        free: Whether the model reads any number of steps.
    """

    spec: ModelSpec
    settings: dict[str, Any]
    signature: Signature
    rows: int = 3
    steps: int = 5
    free: bool = True

    def label(self) -> str:
        """Returns the kind of data, the sizes and the settings."""
        inputs = self.signature.inputs
        sizes = len(inputs.sizes) if isinstance(inputs, Grid) else ""
        size = f"B={self.rows}" if sizes else f"B={self.rows}, T={self.steps}"
        settings = [f"{key}={value}" for key, value in self.settings.items()]
        label = ", next symbol" if self.signature.outputs.next_token else ""
        kind = f"{inputs.kind}{sizes} per {self.signature.outputs.per}{label}"
        return ", ".join([kind, size, *settings])

    def smaller(self) -> Iterator[ModelCase]:
        """Yields the case with fewer rows and steps, the smallest batch first."""
        steps = range(1, self.steps + 1) if self.free else (self.steps,)
        sizes = sorted(product(range(1, self.rows + 1), steps), key=math.prod)
        for rows, count in sizes:
            if (rows, count) != (self.rows, self.steps):
                yield replace(self, rows=rows, steps=count)

    def build(self, seed: int = 0) -> AbstractModel:
        """Builds the model in evaluation mode and double precision.

        Args:
            seed: The seed of the weights.
        """
        # torch.manual_seed would also seed every accelerator, which takes several milliseconds.
        torch.default_generator.manual_seed(seed)
        config = build_config(resolve(self.spec.config), "model", self.settings)
        model: AbstractModel = resolve(self.spec.factory)(config, self.signature)
        return model.double().eval()

    def batch(self, dtype: torch.dtype = torch.float64) -> Batch:
        """Returns random inputs and labels, the same in every call.

        Args:
            dtype: The dtype of inputs that are not tokens.
        """
        return random_batch(self.signature, self.rows, self.steps, dtype)


def random_batch(
    signature: Signature, rows: int, steps: int, dtype: torch.dtype = torch.float32
) -> Batch:
    """Returns random inputs and labels, the same in every call.

    Args:
        signature: The kind of inputs and labels.
        rows: B.
        steps: T; grids have none.
        dtype: The dtype of inputs that are not tokens.

    Returns:
        Inputs (B, T), (B, T, F) or (B, C, *sizes), and targets (B, T) or (B,) of classes,
        (B, T, N) or (B, N) of values and keys; none for a trainer's own outputs. Further inputs
        that are sequences have ``CONTEXT_STEPS`` steps.
    """
    generator = torch.Generator().manual_seed(1)
    outputs, targets = signature.outputs, None
    shape = (rows, steps) if outputs.per == "step" else (rows,)
    match outputs:
        case Classes():
            targets = torch.randint(outputs.size, shape, generator=generator)
        case Values():
            targets = torch.randn(*shape, outputs.size, generator=generator, dtype=dtype)
        case Keys():
            targets = torch.rand(*shape, outputs.size, generator=generator).round().to(dtype)
    inputs = _random_inputs(signature.inputs, rows, steps, dtype, generator)
    context = {
        name: _random_inputs(kind, rows, CONTEXT_STEPS, dtype, generator)
        for name, kind in signature.context.items()
    }
    return Batch(inputs, targets, context=context or None)


def _random_inputs(
    kind: Inputs, rows: int, steps: int, dtype: torch.dtype, generator: torch.Generator
) -> Tensor:
    match kind:
        case Tokens(size):
            return torch.randint(size, (rows, steps), generator=generator)
        case Features(size):
            return torch.randn(rows, steps, size, generator=generator, dtype=dtype)
        case Grid(channels, sizes):
            return torch.randn(rows, channels, *sizes, generator=generator, dtype=dtype)


def marked(batch: Batch) -> Batch:
    """Returns a batch of at least two steps with a step in each row at which the state starts anew.

    The steps differ from row to row.
    """
    rows, steps = batch.inputs.shape[:2]
    resets = torch.zeros(rows, steps, dtype=torch.bool)
    for row in range(rows):
        resets[row, 1 + row % (steps - 1)] = True
    return batch._replace(resets=resets)


def stateful_model(case: ModelCase) -> AbstractModel:
    """Builds the model of a case that carries a state.

    Raises:
        DoesNotApply: The model carries none.
    """
    model = case.build()
    if not model.carries_state:
        raise DoesNotApply("the model carries no state")
    return model


def compute_logits(model: AbstractModel, batch: Batch, state: State | None = None) -> Tensor:
    """Returns the logits of a batch, (B, T, classes) or (B, classes)."""
    logits: Tensor = model(batch, state).logits
    return logits


def compute_gradients(model: AbstractModel, batch: Batch) -> float:
    """Computes the loss of a batch and the gradients of the parameters, as dense tensors.

    Returns:
        The mean cross entropy in nats.
    """
    assert batch.targets is not None, "the batch has labels"
    logits = compute_logits(model, batch)
    loss = nn.functional.cross_entropy(logits.flatten(0, -2), batch.targets.flatten())
    torch.autograd.backward(loss)
    for parameter in model.parameters():
        if parameter.grad is not None and parameter.grad.is_sparse:
            parameter.grad = parameter.grad.to_dense()
    return float(loss.detach())


def max_difference(tensor: Tensor, other: Tensor) -> float:
    """Returns the largest absolute difference of two tensors of one shape; infinity for NaN."""
    difference = (tensor - other).abs().max().item() if tensor.numel() else 0.0
    return math.inf if math.isnan(difference) else difference


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
