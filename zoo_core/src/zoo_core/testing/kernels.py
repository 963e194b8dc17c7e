"""Checks of kernels, with the models of what is installed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from typing import final

import torch
from torch import Tensor

from zoo_core.errors import MisfitError
from zoo_core.plugins.catalog import Catalog
from zoo_core.plugins.import_strings import resolve
from zoo_core.plugins.specs import KernelSpec, ModelSpec
from zoo_core.runtime.nn.batch import Batch, Output
from zoo_core.runtime.nn.kernel import AbstractKernel
from zoo_core.runtime.nn.model import AbstractModel
from zoo_core.runtime.nn.recurrent import Recurrent
from zoo_core.runtime.nn.reference import ReferenceKernel
from zoo_core.runtime.nn.state import state_tensors
from zoo_core.testing.check import DoesNotApply, Violation, check
from zoo_core.testing.model_case import EXACT, SINGLE, ModelCase, check_tolerance, distance
from zoo_core.testing.model_cases import model_cases


@final
@dataclass(frozen=True)
class KernelCase:
    """A kernel and a model with a cell that it knows.

    Args:
        spec: The kernel's.
        model: The model.
    """

    spec: KernelSpec
    model: ModelCase

    def label(self) -> str:
        """The model in words."""
        return f"model {self.model.spec.name}, {self.model.label()}"

    def smaller(self) -> Iterator[KernelCase]:
        """The same with fewer rows and steps."""
        return (replace(self, model=smaller) for smaller in self.model.smaller())


@check(
    "Compute the cell's equations in their order of gates, start from the state that scan is given "
    "(from the last valid step on in reverse), and after a row's length give zeros and leave its "
    "state; or return the reason in unsupported_reason().",
    needs=("import-strings",),
)
def kernel_equals(case: KernelCase) -> Violation | None:
    """A kernel gives what the reference gives: logits, states and gradients, padded rows too."""
    kernel: AbstractKernel = resolve(case.spec.factory)()
    dtype = _dtype(kernel, case.model.build())
    batch = case.model.batch(dtype)
    uneven = [max(1, case.model.steps - row) for row in range(case.model.rows)]
    for lengths in (None, torch.tensor(uneven)):
        given = Batch(batch.inputs, batch.targets, lengths)
        try:
            ours = _all_of(case.model.build().to(dtype), given, ReferenceKernel())
            theirs = _all_of(case.model.build().to(dtype), given, kernel)
        except MisfitError:  # a model that takes no rows of unlike length
            continue
        apart = max(distance(one, other) for one, other in zip(ours, theirs, strict=True))
        padding = "with padding" if lengths is not None else "without padding"
        bound = EXACT if dtype == torch.float64 else SINGLE
        if found := check_tolerance(apart, bound, f"kernel and reference give the same {padding}"):
            return found
    return None


def kernel_cases(catalog: Catalog, kernel: KernelSpec) -> list[KernelCase]:
    """The kernel with every installed model whose cell the spec names."""
    models = [model for _, model in catalog.of(ModelSpec)]
    return [case for model in models for case in cases_with_model(kernel, model)]


def cases_with_model(kernel: KernelSpec, model: ModelSpec) -> list[KernelCase]:
    """The kernel with one model; empty if the spec names none of the model's cells."""
    known = set(kernel.cells)
    return [KernelCase(kernel, case) for case, cells in _cases_and_cells(model) if known & cells]


@cache
def _cases_and_cells(model: ModelSpec) -> list[tuple[ModelCase, set[str]]]:
    return [(case, _cells(case)) for case in model_cases(model)]


def _cells(case: ModelCase) -> set[str]:
    try:
        return {layer.cell.name for layer in _layers(case.build())}
    except Exception:  # the checks of the model report a model that cannot be built
        return set()


def _layers(model: AbstractModel) -> list[Recurrent]:
    return [each for each in model.modules() if isinstance(each, Recurrent)]


def _dtype(kernel: AbstractKernel, model: AbstractModel) -> torch.dtype:
    """The widest dtype in which the kernel runs every cell of the model.

    Raises:
        DoesNotApply: The kernel does not support one of the cells.
    """
    reasons: list[str] = []
    for dtype in (torch.float64, torch.float32):
        like = torch.zeros(1, dtype=dtype)
        answers = [kernel.unsupported_reason(layer.cell, like) for layer in _layers(model)]
        reasons = [reason for reason in answers if reason is not None]
        if not reasons:
            return dtype
    raise DoesNotApply(reasons[0])


def _all_of(model: AbstractModel, batch: Batch, kernel: AbstractKernel) -> list[Tensor]:
    """Logits, states and gradients, from a state that is not the initial one."""
    for layer in _layers(model):
        layer.kernels = (kernel, ReferenceKernel())
    with torch.no_grad():
        before = model(Batch(batch.inputs)).state if model.carries_state else None
    output: Output = model(batch, before)
    torch.autograd.backward(output.logits.square().sum())
    states = [] if output.state is None else list(state_tensors(output.state).values())
    gradients = [each.grad for each in model.parameters() if each.grad is not None]
    dense = [each.to_dense() if each.is_sparse else each for each in gradients]
    return [output.logits.detach(), *(each.detach() for each in states), *dense]


CHECKS = (kernel_equals,)
